import { expect, test } from "vitest";

import { formatEntity, parseEntity, type Thing } from "@/components/neighbourhood/entity";
import { entitiesOfEvent, isAbout } from "@/components/neighbourhood/event-about";

const C = "00000000-0000-4000-8000-0000000000c1";
const A = "00000000-0000-4000-8000-0000000000a1";
const event = (event_type: string, payload: object | null) => ({ event_type, cluster_id: C, payload: payload as Record<string, unknown> | null });
const thing = (text: string) => parseEntity(`${text}@${C}`) as Thing;
const fired = event("ALERT_FIRED", { alert: { id: A, labels: { namespace: "shop", pod: "cart-5d8f7c9b6d-x2x4z" } } });

test.each([
  [fired, [`alert/${A}`, `pod/shop/cart-5d8f7c9b6d-x2x4z@${C}`, `namespace/shop@${C}`, `cluster@${C}`]],
  [event("GPU_XID_ERROR", { gpu_uuid: "GPU-1", node_name: "gpu-1" }), [`gpu/GPU-1@${C}`, `node/gpu-1@${C}`, `cluster@${C}`]],
  [event("CNF_STATUS_CHANGED", { area: "PTP", name: "worker-1/ens1f0" }), [`node/worker-1@${C}`, `cluster@${C}`]],
  [event("CNF_STATUS_CHANGED", { area: "WORKLOAD", name: "ran/du-0", node_name: "worker-1" }), [`pod/ran/du-0@${C}`, `node/worker-1@${C}`, `namespace/ran@${C}`, `cluster@${C}`]],
  [event("CLUSTER_DELETED", {}), []],
  [event("ALERT_FIRED", null), [`cluster@${C}`]],
])("what %j is about", (of, texts) => expect(entitiesOfEvent(of).map(formatEntity)).toEqual(texts));

test("an event of a pod is also of its namespace and of its workload, not of others", () => {
  expect(isAbout(fired, thing("namespace/shop"))).toBe(true);
  expect(isAbout(fired, thing("workload/shop/cart"))).toBe(true);
  expect(isAbout(fired, thing("workload/shop/basket"))).toBe(false);
  expect(isAbout(fired, thing("namespace/ran"))).toBe(false);
  expect(isAbout(fired, thing("cluster"))).toBe(true);
});
