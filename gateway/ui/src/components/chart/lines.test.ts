import { expect, test } from "vitest";

import { asSelector, linesOf, numberOf } from "@/components/chart/lines";
import { unitOf } from "@/components/chart/unit-of";
import type { MetricResult, MetricSeries } from "@/generated/api.schemas";

const series = (metric: Record<string, string>, values: [number, string][] = [[10, "1"]]): MetricSeries => ({
  metric,
  values,
});
const result = (name: string | null, data: MetricSeries[]): MetricResult => ({
  cluster_id: name && `id-${name}`,
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
const names = (...results: MetricResult[]) => linesOf({ results }, "sum(up)").lines.map(({ name }) => name);

test("a series is called by its cluster and the one label that differs", () => {
  const of = (node: string) => series({ __name__: "up", job: "node", node });
  const results = [result("east", [of("a"), of("b")]), result("west", [of("a")])];
  const { lines, common } = linesOf({ results }, "up");
  expect(lines.map(({ name }) => name)).toEqual(["east · a", "east · b", "west · a"]);
  expect(asSelector(common)).toBe('up{job="node"}');
});

test("several labels that differ are named", () => {
  const disks = [series({ device: "sda", node: "a" }), series({ device: "sdb", node: "b" })];
  expect(names(result("east", disks), result("west", []))).toEqual(['device="sda" node="a"', 'device="sdb" node="b"']);
});

test("without labels a cluster's series is called as the cluster, and a combined one has a name too", () => {
  expect(names(result("east", [series({})]), result("west", [series({})]))).toEqual(["east", "west"]);
  expect(names(result(null, [series({})]))).toEqual(["sum(up)"]);
});

test("no two names are alike", () => {
  expect(names(result(null, [series({}), series({})]))).toEqual(["sum(up)", "sum(up) (2)"]);
});

test("native histograms are counted, not drawn", () => {
  const histogram: MetricSeries = { metric: {}, values: [], histograms: [[10, {}]] };
  const { lines, histograms } = linesOf({ results: [result("east", [histogram, series({ a: "b" })])] }, "up");
  expect([lines.length, histograms]).toEqual([1, 1]);
});

test("Prometheus' infinities are numbers", () => {
  expect([numberOf("+Inf"), numberOf("-Inf"), numberOf("1e3")]).toEqual([Infinity, -Infinity, 1000]);
});

test.each([
  ["sum by (namespace) (container_memory_working_set_bytes)", "bytes"],
  ["rate(node_network_receive_bytes_total[5m])", "bytes/s"],
  ["sum(rate(container_cpu_usage_seconds_total[5m]))", "cores"],
  ["histogram_quantile(0.95, sum by (le) (rate(request_duration_seconds_bucket[5m])))", "seconds"],
  ["rate(http_requests_total[5m])", "per second"],
  ["node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "none"],
  ["count(container_memory_working_set_bytes)", "none"],
  ['up{job="disk_bytes"}', "none"],
  ["DCGM_FI_DEV_GPU_UTIL", "percent"],
])("%s is in %s", (query, unit) => {
  expect(unitOf(query)).toBe(unit);
});
