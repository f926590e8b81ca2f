import { expect, test } from "vitest";

import { podsOf, podTold, stemOf, workloadOf, workloadsOf } from "@/components/neighbourhood/topology";

const info = (pod: string, more: Record<string, string> = {}) => ({ metric: { __name__: "kube_pod_info", namespace: "shop", pod, node: "worker-1", ...more } });

test.each([
  ["cart-5d8f7c9b6d-x2x4z", "cart"],
  ["cart-x2x4z", "cart"],
  ["backup-28351234-x2x4z", "backup"],
  ["postgres-0", "postgres"],
  ["lonely", "lonely"],
])("%s is called after %s, as the hub has it", (pod, workload) => expect(stemOf(pod)).toBe(workload));

test.each([
  [{ created_by_kind: "ReplicaSet", created_by_name: "cart-5d8f7c9b6d" }, { name: "cart", kind: "Deployment" }],
  [{ created_by_kind: "ReplicaSet", created_by_name: "own" }, { name: "own", kind: "ReplicaSet" }],
  [{ created_by_kind: "Job", created_by_name: "backup-28351234" }, { name: "backup", kind: "CronJob" }],
  [{ owner_kind: "StatefulSet", owner_name: "postgres" }, { name: "postgres", kind: "StatefulSet" }],
  [{ created_by_kind: "Node", created_by_name: "worker-1" }, undefined],
  [{ pod: "cart-5d8f7c9b6d-x2x4z" }, { name: "cart", kind: undefined }],
  [{ pod: "lonely", created_by_kind: "<none>" }, undefined],
])("what made a pod by %j", (labels, owner) => expect(workloadOf(labels as Record<string, string>)).toEqual(owner));

test("a pod that two exporters tell of is one", () => {
  expect(podsOf([info("b"), info("a"), info("b"), { metric: {} }]).map(({ name }) => name)).toEqual(["a", "b"]);
});

test("workloads are counted by their pods, the most first", () => {
  const made = (pod: string, by: string) => info(pod, { created_by_kind: "StatefulSet", created_by_name: by });
  const found = workloadsOf(podsOf([made("a-0", "a"), made("b-0", "b"), made("b-1", "b"), info("lonely")]));
  expect(found.map(({ owner, pods }) => [owner.name, pods])).toEqual([["b", 2], ["a", 1]]);
});

test("a pod's own series tell its node, owner, phase and restarts", () => {
  const labels = { namespace: "shop", pod: "cart-0" };
  const values = (value: string): [number, string][] => [[1, value]];
  const told = podTold([
    { ...info("cart-0"), values: values("1") },
    { metric: { ...labels, __name__: "kube_pod_owner", owner_kind: "StatefulSet", owner_name: "cart" }, values: values("1") },
    { metric: { ...labels, __name__: "kube_pod_status_phase", phase: "Pending" }, values: values("0") },
    { metric: { ...labels, __name__: "kube_pod_status_phase", phase: "Running" }, values: values("1") },
    { metric: { ...labels, __name__: "kube_pod_container_status_restarts_total", container: "a" }, values: values("2") },
    { metric: { ...labels, __name__: "kube_pod_container_status_restarts_total", container: "b" }, values: values("3") },
  ]);
  expect(told).toEqual({ namespace: "shop", name: "cart-0", node: "worker-1", workload: { name: "cart", kind: "StatefulSet" }, phase: "Running", restarts: 5 });
  expect(podTold([])).toBeUndefined();
});
