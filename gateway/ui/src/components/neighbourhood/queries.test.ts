import { expect, test } from "vitest";

import { logqlOf, promqlOf } from "@/components/neighbourhood/alert-queries";
import type { Thing } from "@/components/neighbourhood/entity";
import { alertsOf, aroundStart, logsOf, metricsOf, podsQuery, tracesOf } from "@/components/neighbourhood/queries";

const told = { alertname: "DiskFull", generator_url: null, labels: {} };
const cluster = "00000000-0000-4000-8000-0000000000c1";
const pod: Thing = { kind: "pod", cluster, namespace: "shop", name: "cart-1" };
const workload: Thing = { kind: "workload", cluster, namespace: "shop", name: "cart.v2" };
const node: Thing = { kind: "node", cluster, name: "worker-1.lab" };

test("the expression of the rule is taken from its link", () => {
  expect(promqlOf({ ...told, generator_url: "http://prometheus/graph?g0.expr=up+%3D%3D+0&g0.tab=1" })).toBe("up == 0");
});

test.each([null, "no link", "http://prometheus/graph"])("without one (%s) the series of its alerts are asked for", (generator_url) => {
  const labels = { alertname: "DiskFull", namespace: "shop", pod: 'a"b\\c', severity: "warning" };
  expect(promqlOf({ ...told, generator_url, labels })).toBe(String.raw`ALERTS{alertname="DiskFull",namespace="shop",pod="a\"b\\c"}`);
});

test("logs of an alert are found by namespace and pod, or not at all", () => {
  expect(logqlOf({ labels: { namespace: "shop", pod: "api-1" } })).toBe('{namespace="shop",pod="api-1"}');
  expect(logqlOf({ labels: { node: "n1" } })).toBeUndefined();
});

test("around its beginning is half an hour either way, but not what has not come yet", () => {
  const begun = "2026-01-31T12:00:00Z";
  expect(aroundStart(begun, Date.parse("2026-02-01T00:00:00Z"))).toEqual({ from: "2026-01-31T11:30:00.000Z", to: "2026-01-31T12:30:00.000Z" });
  expect(aroundStart(begun, Date.parse("2026-01-31T12:10:00Z")).to).toBe("2026-01-31T12:10:00.000Z");
});

test("a workload's pods are those that are called after it, whatever its name has in it", () => {
  expect(podsQuery(workload)).toBe(String.raw`kube_pod_info{namespace="shop",pod=~"cart\\.v2-.+"}`);
  expect(logsOf(workload)).toBe(String.raw`{namespace="shop",pod=~"cart\\.v2-.+"}`);
});

test("beside a pod are all of its namespace, on a node those that run there", () => {
  expect(podsQuery(pod)).toBe('kube_pod_info{namespace="shop"}');
  expect(podsQuery(node)).toBe('kube_pod_info{node="worker-1.lab"}');
  expect(podsQuery({ kind: "gpu", cluster, name: "GPU-1" })).toBeUndefined();
});

test("each thing is looked at by what its series, lines and spans are labelled by", () => {
  expect(metricsOf(pod).map(([says]) => says)).toEqual(["CPU", "Memory", "Restarts"]);
  expect(metricsOf(node)[0]).toEqual(["Load", String.raw`node_load1{instance=~"worker-1\\.lab(:[0-9]+)?"}`]);
  expect(metricsOf({ kind: "gpu", cluster, name: "GPU-1" })[0]).toEqual(["Utilisation", 'DCGM_FI_DEV_GPU_UTIL{UUID="GPU-1"}']);
  expect(logsOf(node)).toBeUndefined();
  expect(tracesOf(pod)).toEqual({ tag: ["k8s.pod.name=cart-1"] });
  expect(tracesOf(node)).toBeUndefined();
});

test("alerts are asked for by the labels that name it", () => {
  expect(alertsOf(pod)).toEqual({ cluster_id: [cluster], namespace: ["shop"], label: ["pod=cart-1"] });
  expect(alertsOf(node)).toEqual({ cluster_id: [cluster], label: ["node=worker-1.lab"] });
  expect(alertsOf({ kind: "cluster", cluster })).toEqual({ cluster_id: [cluster] });
});
