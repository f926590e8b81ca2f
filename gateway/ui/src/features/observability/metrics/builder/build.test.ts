import { expect, test } from "vitest";

import { buildPromql, EMPTY, suited, type Spec } from "@/features/observability/metrics/builder/build";
import { matching } from "@/features/observability/metrics/builder/combo";

const built = (spec: Partial<Spec>) => buildPromql({ ...EMPTY, metric: "m", ...spec });

test.each<[Partial<Spec>, string]>([
  [{}, "m"],
  [{ metric: "" }, ""],
  [{ filters: [{ label: "pod", operator: "=~", value: "a.*" }] }, 'm{pod=~"a.*"}'],
  [{ filters: [{ label: "pod", operator: "=", value: 'say "hi"' }] }, 'm{pod="say \\"hi\\""}'],
  [{ filters: [{ label: "pod", operator: "=", value: "" }] }, "m"],
  [{ per: "rate", window: "15m" }, "rate(m[15m])"],
  [{ how: "sum" }, "sum(m)"],
  [{ how: "avg", by: ["namespace", "pod"] }, "avg by (namespace, pod) (m)"],
  [{ how: "quantile", quantile: 0.9, by: ["node"] }, "quantile by (node) (0.9, m)"],
  [{ how: "histogram", by: ["code"] }, "histogram_quantile(0.95, sum by (le, code) (rate(m[5m])))"],
])("%j is %s", (spec, promql) => {
  expect(built(spec)).toBe(promql);
});

test("a counter is asked for its growth, a histogram for a quantile, a gauge for its value", () => {
  expect(suited("http_requests_total", undefined)).toMatchObject({ per: "rate", how: "sum" });
  expect(suited("latency_seconds_bucket", "histogram")).toMatchObject({ how: "histogram" });
  expect(suited("node_load1", "gauge")).toMatchObject({ per: "value", how: "each" });
});

test("metrics are found by a part of their name or by what they mean", () => {
  const options = [
    { value: "node_memory_MemFree_bytes", help: "Free memory." },
    { value: "memory_total", help: "" },
    { value: "up", help: "" },
  ];
  expect(matching(options, "mem").map(({ value }) => value)).toEqual(["memory_total", "node_memory_MemFree_bytes"]);
  expect(matching(options, "free memory").map(({ value }) => value)).toEqual(["node_memory_MemFree_bytes"]);
});
