import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { ALERT, anomaly, around, CLUSTER, INCIDENT, listed, measuring, NODE, POD, podInfo, refusing, sample, showNear } from "@/components/neighbourhood/testing";
import { getListAlertsResponseMock, getListGpuNodesResponseMock, getListIncidentsResponseMock } from "@/generated/api.msw";
import { hub } from "@/testing/hub";

const group = async (name: string) => within(await screen.findByRole("region", { name }));
const texts = async (name: string) => (await (await group(name)).findAllByRole("listitem")).map((item) => item.textContent);

const GPU = `gpu/GPU-1@${CLUSTER}`;
const NAMESPACE = `namespace/shop@${CLUSTER}`;
const WORKLOAD = `workload/shop/cart@${CLUSTER}`;
const SERVICE = `service/cart@${CLUSTER}`;
const ALL = `cluster@${CLUSTER}`;
const LONG_AGO = "2020-01-31T12:00:00Z";

const firing = (name: string, labels: object, id = ALERT) => ({
  ...getListAlertsResponseMock().items[0],
  id,
  cluster_id: CLUSTER,
  alertname: name,
  severity: "WARNING",
  state: "FIRING",
  labels,
  starts_at: LONG_AGO,
});
const incident = (title: string, where: string[]) => ({ ...getListIncidentsResponseMock().items[0], id: INCIDENT, title, where, signals: 3, severity: "CRITICAL", opened_at: LONG_AGO });
const gpu = (uuid: string, index: number, more: object = {}) => ({
  uuid,
  index,
  utilization_gpu_percent: 49,
  temperature_celsius: 53,
  raised: [],
  xid: 0,
  error: null,
  name: "H100",
  processes: [{ namespace: "shop", pod: "cart-5d8f7c9b6d-x2x4z" }],
  ...more,
});
const gpuNode = (...gpus: object[]) => ({ ...getListGpuNodesResponseMock().items[0], cluster_id: CLUSTER, node_name: "worker-1", gpus });

beforeEach(() => {
  around();
  measuring({});
});

test.each([
  [POD, ["Alerts that fire", "Incidents that name it", "Anomalies", "GPUs that it uses", "As a network function", "Other pods in shop", "What happened"]],
  [NODE, ["Alerts that fire", "Incidents that name it", "Anomalies", "GPUs", "Clocks and network functions", "Pods on it", "What happened"]],
  [WORKLOAD, ["Alerts that fire", "Incidents that name it", "Anomalies", "Its pods", "Called by", "Calls", "What happened"]],
  [NAMESPACE, ["Alerts that fire", "Incidents that name it", "Anomalies", "Workloads", "Pods", "What happened"]],
  [GPU, ["Alerts that fire", "Incidents that name it", "Anomalies", "Pods that use it", "What happened"]],
  [SERVICE, ["Alerts that fire", "Called by", "Calls", "What happened"]],
  [ALL, ["Alerts that fire", "Incidents that name it", "Anomalies", "Nodes", "Namespaces", "What happened"]],
])("around %s where nothing is, each group says so in one line", async (near, titles) => {
  await showNear(near);
  for (const title of titles) {
    const found = await group(title);
    await waitFor(() => expect(found.getByText(/^(None|Nothing|No |Its Prometheus|It is none|The hub knows)/)).toBeInTheDocument());
    expect(found.queryByRole("listitem")).not.toBeInTheDocument();
  }
});

test.each([
  ["alerts", POD, "Alerts that fire"],
  ["incidents", POD, "Incidents that name it"],
  ["anomalies", POD, "Anomalies"],
  ["events", POD, "What happened"],
  ["gpu/nodes", NODE, "GPUs"],
  ["cnf/sriov/status", NODE, "Clocks and network functions"],
  ["cnf/dpdk/stats", POD, "As a network function"],
  ["traces/service-map", SERVICE, "Called by"],
])("what refuses %s fails alone, and can be asked again", async (path, near, title) => {
  around({ [path]: refusing("It is away.") });
  const { user } = await showNear(near);
  const found = await group(title);
  expect(await found.findByText(/Could not be asked: It is away\./)).toBeInTheDocument();
  if (path !== "alerts") expect(await (await group("Alerts that fire")).findByText("None.")).toBeInTheDocument();
  around();
  await user.click(found.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(found.queryByText(/Could not be asked/)).not.toBeInTheDocument());
});

test("a cluster whose Prometheus does not answer says why", async () => {
  const missing = [{ cluster_id: CLUSTER, reason: "No answer within 10 s." }];
  hub.use(http.post("*/api/v1/metrics/query", () => HttpResponse.json({ results: [{ cluster_id: CLUSTER, status: "TIMEOUT", data: [], error: null }], missing }, { status: 206 })));
  await showNear(NODE);
  expect(await (await group("Pods on it")).findByText(/Could not be asked: No answer within 10 s\./)).toBeInTheDocument();
});

test("alerts are hops, with where they are and their own drawer", async () => {
  around({ alerts: listed(firing("DiskFull", { namespace: "shop", pod: "cart-5d8f7c9b6d-x2x4z" })) });
  await showNear(NAMESPACE);
  const found = await group("Alerts that fire");
  expect(await found.findByRole("link", { name: "DiskFull" })).toHaveAttribute("href", `/alerts?near=alert/${ALERT}`);
  expect(found.getByText(/pod cart-5d8f7c9b6d-x2x4z/)).toBeInTheDocument();
  expect(found.getByRole("link", { name: "Open: alert DiskFull" })).toHaveAttribute("href", `/alerts?alert=${ALERT}`);
});

test("of a namespace's alerts those of a workload are told by its label or by its pods", async () => {
  const of = (name: string, labels: object) => firing(name, { namespace: "shop", ...labels }, `00000000-0000-4000-8000-${name.padStart(12, "0")}`);
  around({ alerts: listed(of("1", { deployment: "cart" }), of("2", { pod: "cart-5d8f7c9b6d-x2x4z" }), of("3", { pod: "basket-5d8f7c9b6d-x2x4z" })) });
  await showNear(WORKLOAD);
  const found = await group("Alerts that fire");
  expect(await found.findByRole("link", { name: "1" })).toBeInTheDocument();
  expect(found.getByRole("link", { name: "2" })).toBeInTheDocument();
  expect(found.queryByRole("link", { name: "3" })).not.toBeInTheDocument();
});

test("only incidents that name it are told", async () => {
  around({ incidents: listed(incident("Of it", ["node/worker-1"]), { ...incident("Of another", ["node/worker-2"]), id: ALERT }) });
  await showNear(NODE);
  const found = await group("Incidents that name it");
  expect(await found.findByRole("link", { name: "Of it" })).toHaveAttribute("href", `/alerts?near=incident/${INCIDENT}`);
  expect(found.queryByText("Of another")).not.toBeInTheDocument();
});

test("an anomaly opens its page", async () => {
  around({ anomalies: listed(anomaly({ id: ALERT, metric_name: "node_load1", anomaly_type: "SPIKE", labels: { node: "worker-1" } })) });
  await showNear(NODE);
  expect(await (await group("Anomalies")).findByRole("link", { name: /node_load1/ })).toHaveAttribute("href", `/anomalies/${ALERT}`);
});

test("GPUs of a node with how they are, and the page of each", async () => {
  around({ "gpu/nodes": listed(gpuNode(gpu("GPU-1", 3), gpu("GPU-2", 4, { xid: 79 }))) });
  await showNear(NODE);
  expect(await texts("GPUs")).toEqual(["GPU 3busy 49 %, 53 °COpen", "GPU 4busy 49 %, 53 °C, XID 79Open"]);
  const found = await group("GPUs");
  expect(found.getByRole("link", { name: "GPU 3" })).toHaveAttribute("href", `/alerts?near=${GPU}`);
  expect(found.getByRole("link", { name: "Open: GPU GPU 3" })).toHaveAttribute("href", `/gpu?tab=nodes&open=${CLUSTER}/worker-1&gpu=3`);
});

test("a GPU is called by its number once its node is known, and leads to the node and to its pods", async () => {
  around({ "gpu/nodes": listed(gpuNode(gpu("GPU-1", 3))) });
  await showNear(GPU);
  const shown = within(await screen.findByRole("complementary", { name: "Around GPU 3 on worker-1" }));
  expect(shown.getByRole("link", { name: "worker-1" })).toHaveAttribute("href", `/alerts?near=${NODE}`);
  expect(await texts("Pods that use it")).toEqual(["cart-5d8f7c9b6d-x2x4zin shopMetrics"]);
});

test("clocks, virtual functions and workloads of a node", async () => {
  around({
    "cnf/ptp/status": listed({ interface: "ens1f0", process: "ptp4l", clock_state: "HOLDOVER" }),
    "cnf/sriov/status": listed({ resource_name: "openshift.io/mid", used_vfs: 1, allocatable_vfs: 4 }),
    "cnf/workloads": listed({ namespace: "ran", pod: "du-0", cnf_type: "VDU", standing: "CRASHING", state: "RUNNING" }),
  });
  await showNear(NODE);
  expect(await texts("Clocks and network functions")).toEqual(["Clock ens1f0holdover", "openshift.io/mid1 of 4 virtual functions in use", "du-0VDU, crashingOpen"]);
  expect((await group("Clocks and network functions")).getByRole("link", { name: "du-0" })).toHaveAttribute("href", `/alerts?near=pod/ran/du-0@${CLUSTER}`);
});

test("a pod as a network function, with its ports", async () => {
  around({
    "cnf/workloads": listed({ namespace: "shop", pod: "cart-5d8f7c9b6d-x2x4z", cnf_type: "UPF", standing: "CRASHING", state: "RUNNING", reason: "CrashLoopBackOff" }),
    "cnf/dpdk/stats": listed({ port: "0", dropping: true }),
  });
  await showNear(POD);
  expect(await texts("As a network function")).toEqual(["UPFCrashing: CrashLoopBackOff", "Port 0drops packets"]);
});

test("pods on a node: the first few, and the rest on a click", async () => {
  measuring({ "kube_pod_info{node": Array.from({ length: 18 }, (_, at) => podInfo(`cart-${at + 10}`)) });
  const { user } = await showNear(NODE);
  expect(await texts("Pods on it")).toHaveLength(6);
  await user.click((await group("Pods on it")).getByRole("button", { name: "and 12 more" }));
  expect(await texts("Pods on it")).toHaveLength(18);
});

test("beside a pod come those of its own workload first", async () => {
  const by = (pod: string, owner: string) => podInfo(pod, { created_by_kind: "StatefulSet", created_by_name: owner });
  measuring({ 'kube_pod_info{namespace="shop"}': [by("a-0", "a"), by("cart-5d8f7c9b6d-x2x4z", "cart"), by("z-0", "cart")] });
  await showNear(POD);
  expect(await texts("Other pods in shop")).toEqual(["z-0on worker-1Metrics", "a-0on worker-1Metrics"]);
});

test("a workload's pods, without those that only begin alike", async () => {
  const by = (pod: string, owner: string) => podInfo(pod, { created_by_kind: "StatefulSet", created_by_name: owner });
  measuring({ "kube_pod_info{": [by("cart-0", "cart"), by("cart-db-0", "cart-db")] });
  await showNear(WORKLOAD);
  expect(await texts("Its pods")).toEqual(["cart-0on worker-1Metrics"]);
});

test("a namespace's workloads are hops", async () => {
  measuring({ "kube_pod_info{": [podInfo("cart-0", { created_by_kind: "StatefulSet", created_by_name: "cart" })] });
  await showNear(NAMESPACE);
  expect(await texts("Workloads")).toEqual(["cartStatefulSet, 1 podMetrics"]);
  expect((await group("Workloads")).getByRole("link", { name: "cart" })).toHaveAttribute("href", `/alerts?near=${WORKLOAD}`);
});

test("a cluster's nodes and namespaces, the fullest first", async () => {
  measuring({ "count by (node)": [sample({ node: "worker-2" }, "3"), sample({ node: "worker-1" }, "9")], "count by (namespace)": [sample({ namespace: "shop" }, "12")] });
  await showNear(ALL);
  expect(await texts("Nodes")).toEqual(["worker-19 podsMetrics", "worker-23 podsMetrics"]);
  expect(await texts("Namespaces")).toEqual(["shop12 podsMetrics"]);
});

test("who calls a service, and whom it calls", async () => {
  const edge = (caller: string, callee: string, errors = 0) => ({ caller, callee, calls: 50, errors, p50_ms: 1, p95_ms: 2 });
  around({ "traces/service-map": { edges: [edge("shop", "cart", 7), edge("cart", "stock"), edge("shop", "stock")], nodes: [], clusters_succeeded: 1, missing: [] } });
  await showNear(SERVICE);
  expect(await texts("Called by")).toEqual(["shop50 calls, 7 failedTraces"]);
  expect(await texts("Calls")).toEqual(["stock50 callsTraces"]);
});

test("of the cluster's events those about it, each with its own drawer", async () => {
  const event = (sequence: number, node_name: string) => ({ event_id: `e${sequence}`, event_type: "GPU_XID_ERROR", sequence, timestamp: LONG_AGO, cluster_id: CLUSTER, cluster_name: "edge-1", payload: { gpu_uuid: "GPU-1", gpu_index: 3, node_name, xid: 79 } });
  around({ events: { items: [event(7, "worker-1"), event(8, "worker-2")], next_cursor: "more" } });
  await showNear(NODE);
  const found = await group("What happened");
  expect(await found.findByRole("link", { name: "XID 79 on GPU 3 on worker-1" })).toHaveAttribute("href", "/events?event=7");
  expect(found.queryByText(/worker-2/)).not.toBeInTheDocument();
  expect(found.getByText("Of the newest 300 events of its cluster.")).toBeInTheDocument();
});
