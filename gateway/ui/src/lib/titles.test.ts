import { expect, test } from "vitest";

import { shortened, signalInWords, titleInWords, wholeTitle } from "@/lib/titles";

test.each([
  ["KubeNodeNotReady on worker-0003.edge-3 and 1 more", "Node worker-0003.edge-3 not ready and 1 more"],
  ["WORKLOAD_CRASHING of du-site-1/du-main", "Workload du-site-1/du-main crash-looping"],
  ["HighErrorRate on shop/cart and 4 more", "High error rate on shop/cart and 4 more"],
  ["GPU_XID_79 on gpu-4", "GPU XID error 79 on gpu-4"],
  ["CLUSTER_OFFLINE", "Cluster offline"],
  ["KubePodNotReady of shop/cart and 2 more", "Pods of shop/cart not ready and 2 more"],
  ["KubePodCrashLooping of shop/cart", "Pods of shop/cart crash-looping"],
  ["KubePodCrashLooping on shop/cart-1", "Pod shop/cart-1 crash-looping"],
  ["KubePodNotReady in 3 clusters and 14 more", "Pod not ready in 3 clusters and 14 more"],
  ["HighErrorRate in shop", "High error rate in shop"],
  ["HighErrorRate of shop/cart", "High error rate of shop/cart"],
  ["NodeDown and 1,399 more", "Node down and 1399 more"],
  ["KubeAPIDown", "Kube API down"],
])("%s is said as people say it", (title, words) => {
  expect(wholeTitle(title)).toBe(words);
});

test.each(["a title of its own", "not shown: this incident is also about others", "rate(errors[5m]) on a", "Incident1"])(
  "what is no name stays as it is: %s",
  (title) => expect(wholeTitle(title)).toBe(title),
);

test("a place that looks like a pattern is only a name", () => {
  expect(wholeTitle("KubePodNotReady on shop/$&-1")).toBe("Pod shop/$&-1 not ready");
});

test("a long name is shortened in its middle, and told whole beside it", () => {
  const { text, full, more } = titleInWords("KubePodNotReady on shop/checkout-service-7c9d8f6b5-x2x4z and 3 more", 20);
  expect(text).toBe("Pod shop/check…6b5-x2x4z not ready");
  expect(full).toBe("Pod shop/checkout-service-7c9d8f6b5-x2x4z not ready");
  expect(more).toBe(3);
});

test("both ends of a shortened name stay", () => {
  expect(shortened("du-main-00000-e74c1", 11)).toBe("du-ma…e74c1");
  expect(shortened("du-main", 11)).toBe("du-main");
});

test("a name alone is said without a place", () => {
  expect(signalInWords("PtpClockNotLocked")).toBe("PTP clock not locked");
  expect(signalInWords("http_errors:rate5m")).toBe("http_errors:rate5m");
});
