import { expect, test } from "vitest";

import { linesOf } from "@/components/chart/lines";
import { sorted } from "@/features/observability/metrics/results/result-table";
import { leadsOf } from "@/features/observability/metrics/results/series-links";
import type { MetricResult, MetricSeries } from "@/generated/api.schemas";

const series = (metric: Record<string, string>, values: [number, string][] = [[10, "1"]]): MetricSeries => ({
  metric,
  values,
});
const result = (name: string, data: MetricSeries[]): MetricResult => ({
  cluster_id: `id-${name}`,
  cluster_name: name,
  status: "SUCCESS",
  result_type: "MATRIX",
  code: null,
  error: null,
  warnings: [],
  query_time_ms: 1,
  cached: false,
  data,
});

test("a table has what is no number last, whichever way it is sorted", () => {
  const data = ["2", "NaN", "3"].map((value, at) => series({ at: String(at) }, [[10, value]]));
  const { lines } = linesOf({ results: [result("east", data)] }, "up");
  expect(sorted(lines, "value").map(({ said }) => said)).toEqual(["2", "3", "NaN"]);
  expect(sorted(lines, "-value").map(({ said }) => said)).toEqual(["3", "2", "NaN"]);
});

test("a pod's series leads to its logs and to the alerts of its namespace", () => {
  const data = [series({ namespace: "shop", pod: "cart-1" })];
  const [line] = linesOf({ results: [result("east", data)] }, "up").lines;
  expect(leadsOf(line!).map(({ said }) => said)).toEqual([
    "Cluster east",
    "Alerts of this cluster",
    "Alerts of namespace shop",
    "Logs of pod cart-1",
  ]);
  expect(leadsOf(line!).at(-1)!.search).toEqual({
    query: '{namespace="shop", pod="cart-1"}',
    clusters: ["id-east"],
  });
});
