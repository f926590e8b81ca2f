import { expect, test } from "vitest";

import { seriesOf } from "@/features/observability/logs/metric-result";
import type { ClusterLogs, LogsAnswer } from "@/generated/api.schemas";

const of = (cluster_name: string, ...metrics: Record<string, string>[]) =>
  ({ cluster_name, data: metrics.map((metric) => ({ metric, values: [[10, "1"]] })) }) as unknown as ClusterLogs;
const told = (...results: ClusterLogs[]) => seriesOf({ results } as LogsAnswer);

test("series are called by what tells them apart; what all have is said once, and all of it is kept", () => {
  const shop = { namespace: "shop", level: "error" };
  const { series, common } = told(of("edge-1", { ...shop, pod: "cart-1" }, { ...shop, pod: "cart-2" }));
  expect(series.map(({ name }) => name)).toEqual(["cart-1", "cart-2"]);
  expect(common).toEqual(shop);
  expect(series[0]!.labels).toEqual({ cluster: "edge-1", ...shop, pod: "cart-1" });
});

test("of several clusters each is said, and no two names are alike", () => {
  const { series } = told(of("edge-1", { level: "error" }), of("edge-2", { level: "error" }, { level: "error" }));
  expect(series.map(({ name }) => name)).toEqual(["edge-1", "edge-2", "edge-2 (2)"]);
});
