import { expect, test } from "vitest";

import { gather } from "@/features/fleet/changes";
import { hardwareItems, type Hardware } from "@/features/fleet/hardware-items";
import { happeningOf, type Happening } from "@/features/fleet/happening";
import {
  getGetGpuSummaryResponseMock,
  getListCnfWorkloadsResponseMock,
  getListDpdkStatsResponseMock,
  getListGpuThresholdsResponseMock,
  getListPtpStatusResponseMock,
  getListSriovStatusResponseMock,
} from "@/generated/api.msw";
import type { EventName, GpuRaised, PtpStatusView } from "@/generated/api.schemas";

const NOON = Date.parse("2026-01-31T12:00:00Z");
const MINUTE = 60_000;

let made = 0;
/** An event of a GPU of the cluster `a`, or of a network function of it. */
function event(type: EventName, payload: object, at = NOON): Happening {
  made += 1;
  const time = new Date(at).toISOString();
  const of = { cluster_id: "a", cluster_name: "edge-a" };
  return happeningOf({ event_id: `event-${made}`, event_type: type, timestamp: time, logged_at: time, ...of, payload: { ...of, ...payload } });
}
const gpu = (index: number) => ({ node_name: "gpu-1", gpu_uuid: `GPU-${index}`, gpu_index: index, standing: {} });
const hot = (index: number, crossing = "RAISED", value = 91, threshold = 85) =>
  event("GPU_THRESHOLD_CROSSED", { ...gpu(index), metric: "TEMPERATURE", crossing, value, threshold });
const lost = (index: number, at = NOON) => event("GPU_DISAPPEARED", { ...gpu(index), last_seen_at: "2026-01-31T11:59:00Z" }, at);
const failed = (index: number, at = NOON) =>
  event("GPU_XID_ERROR", { ...gpu(index), xid: 79, description: "GPU has fallen off the bus" }, at);
const moved = (area: string, name: string, old_state: string | null, new_state: string) =>
  event("CNF_STATUS_CHANGED", { area, name, old_state, new_state, reason: "its master is gone" });

const told = (...log: Happening[]) => gather(log, MINUTE).map(({ tone, what }) => [tone, what]);

test("each thing that happens to a GPU is told in words", () => {
  expect(told(hot(3))).toEqual([["warning", "GPU 3 on gpu-1 at 91 °C (threshold 85 °C)"]]);
  expect(told(hot(3, "CLEARED", 79, 80))).toEqual([["success", "GPU 3 on gpu-1 at 79 °C again (below 80 °C)"]]);
  expect(told(failed(3))).toEqual([["danger", "XID 79 on GPU 3 on gpu-1: GPU has fallen off the bus"]]);
  expect(told(lost(3))).toEqual([["danger", "GPU 3 on gpu-1 has disappeared"]]);
  expect(told(event("GPU_REAPPEARED", { ...gpu(3), lost_at: "2026-01-31T11:00:00Z" }))).toEqual([
    ["success", "GPU 3 on gpu-1 is back"],
  ]);
});

test("each thing that happens to a network function is told in words", () => {
  expect(told(moved("PTP", "worker-1/ens1f0", "LOCKED", "HOLDOVER"))).toEqual([
    ["warning", "Clock ens1f0 on worker-1: locked → holdover"],
  ]);
  expect(told(moved("WORKLOAD", "ran/du-0", null, "CRASHING"))).toEqual([
    ["danger", "Workload du-0 in ran: crash-looping"],
  ]);
  expect(told(moved("SRIOV", "worker-1/openshift.io/fronthaul", "AVAILABLE", "EXHAUSTED"))).toEqual([
    ["warning", "openshift.io/fronthaul on worker-1: no virtual function left"],
  ]);
  expect(told(moved("DPDK", "ran/du-0/0", "DROPPING", "OK"))).toEqual([
    ["success", "Port 0 of du-0 in ran: drops no packets any more"],
  ]);
});

test("a line leads to the GPU, or to the clock", () => {
  expect(gather([hot(3)], MINUTE)[0]!.place).toEqual({ to: "/gpu", search: { open: "a/gpu-1", gpu: 3 } });
  expect(gather([moved("PTP", "worker-1/ens1f0", "LOCKED", "FREERUN")], MINUTE)[0]!.place).toEqual({
    to: "/cnf",
    search: { tab: "clocks", cluster_id: ["a"], open: "a/worker-1/ens1f0" },
  });
});

test("many of one kind are one line, and the other direction is another", () => {
  const changes = gather([hot(1), hot(2), hot(3, "CLEARED", 79, 80), hot(4), hot(4)], MINUTE);
  expect(changes.map(({ what, more }) => [what, more])).toEqual([
    ["3 GPUs too hot", "gpu-1"],
    ["GPU 3 on gpu-1 at 79 °C again (below 80 °C)", "edge-a"],
  ]);
  expect(told(failed(1), failed(2))).toEqual([["danger", "XID 79 on 2 GPUs: GPU has fallen off the bus"]]);
  const clocks = ["ens1f0", "ens1f1"].map((name) => moved("PTP", `worker-1/${name}`, "LOCKED", "HOLDOVER"));
  expect(told(...clocks)).toEqual([["warning", "2 clocks in holdover"]]);
});

test("of a cluster that is gone a line leads to the log", () => {
  const changes = gather([event("CLUSTER_DELETED", { name: "edge-a" }), hot(3)], MINUTE);
  expect(changes[1]!.place).toEqual({ to: "/events", search: { cluster_id: "a" } });
});

const none = { raised: { TEMPERATURE: 0, MEMORY_TEMPERATURE: 0, MEMORY_USED: 0, POWER_DRAW: 0 } };
const gpus = (more: object = {}) =>
  getGetGpuSummaryResponseMock({ ...none, lost: 0, errors: 0, by_cluster: [], ...more });
const over = (gpu_index: number, more: Partial<GpuRaised> = {}): GpuRaised => ({
  cluster_id: "a",
  cluster_name: "edge-a",
  node_name: "gpu-1",
  gpu_uuid: `GPU-${gpu_index}`,
  gpu_index,
  gpu_name: "H100",
  metric: "TEMPERATURE",
  value: 91,
  threshold: 85,
  since: "2026-01-31T11:50:00Z",
  ...more,
});
const crossed = (raised: GpuRaised[], total = raised.length) => getListGpuThresholdsResponseMock({ raised, total });
const clock = (name: string, more: Partial<PtpStatusView> = {}): PtpStatusView => ({
  ...getListPtpStatusResponseMock().items[0]!,
  cluster_id: "a",
  cluster_name: "edge-a",
  node_name: "worker-1",
  interface: name,
  process: "ptp4l",
  clock_state: "HOLDOVER",
  offset_ns: 1480,
  stale: false,
  standing: "HOLDOVER",
  state_since: "2026-01-31T11:58:00Z",
  ...more,
});
const clocks = (items: PtpStatusView[], by: object = {}) =>
  getListPtpStatusResponseMock({ items, by_state: { LOCKED: 0, FREERUN: 0, HOLDOVER: items.length, UNKNOWN: 0, ...by } });

const attention = (known: Partial<Hardware>) =>
  hardwareItems({
    gpus: gpus(),
    crossed: crossed([]),
    facts: [],
    functions: {},
    silent: new Set(),
    now: NOON,
    ...known,
  });

test("nothing is told of GPUs that are well, and nothing before it is known", () => {
  expect(attention({})).toEqual([]);
  expect(attention({ gpus: undefined, crossed: undefined })).toEqual([]);
});

test("a GPU that is lost is one line with the error that came before it", () => {
  const items = attention({ gpus: gpus({ lost: 1 }), facts: [lost(3), failed(3, NOON - 2 * MINUTE)] });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    tone: "danger",
    what: "GPU 3 on gpu-1 has disappeared",
    where: "in edge-a",
    why: "XID 79: GPU has fallen off the bus",
    place: { to: "/gpu", search: { open: "a/gpu-1", gpu: 3 } },
  });
});

test("how many are lost is what the hub counts, whatever is read of the log", () => {
  const items = attention({ gpus: gpus({ lost: 40 }), facts: [lost(3)] });
  expect(items).toMatchObject([{ what: "40 GPUs have disappeared", place: { search: { show: "lost" } } }]);
  expect(items[0]).toHaveProperty("why", undefined);
  expect(attention({ facts: [lost(3)] }), "it is back, or its cluster is gone").toEqual([]);
});

test("an error of a driver is told for an hour, or until the GPU is back", () => {
  expect(attention({ facts: [failed(3, NOON - 59 * MINUTE)] })).toHaveLength(1);
  expect(attention({ facts: [failed(3, NOON - 61 * MINUTE)] })).toEqual([]);
  const back = event("GPU_REAPPEARED", { ...gpu(3), lost_at: "2026-01-31T11:58:00Z" });
  expect(attention({ facts: [back, failed(3, NOON - MINUTE)] })).toEqual([]);
});

test("one GPU over several thresholds is one line", () => {
  const both = [over(5, { metric: "MEMORY_TEMPERATURE", value: 95, threshold: 95 }), over(5)];
  expect(attention({ crossed: crossed(both) })).toMatchObject([
    { what: "GPU 5 on gpu-1 at 91 °C (threshold 85 °C)", why: "memory at 95 °C (threshold 95 °C)" },
  ]);
});

test("many over a threshold are one line, with all that the hub counts", () => {
  const read = [1, 2, 3, 4].map((index) => over(index));
  expect(attention({ crossed: crossed(read) })).toMatchObject([{ what: "4 GPUs too hot", why: "gpu-1" }]);
  const counted = gpus({ raised: { ...none.raised, TEMPERATURE: 312 } });
  expect(attention({ gpus: counted, crossed: crossed(read, 312) })).toMatchObject([
    { what: "312 GPUs too hot", place: { to: "/gpu", search: { tab: "thresholds", raised: "TEMPERATURE" } } },
  ]);
});

test("nodes without samples are told, unless their whole cluster is offline", () => {
  const [one] = getGetGpuSummaryResponseMock().by_cluster;
  const by_cluster = [{ ...one!, cluster_id: "a", cluster_name: "edge-a", stale_nodes: 2 }];
  expect(attention({ gpus: gpus({ by_cluster }) })).toMatchObject([{ what: "No samples of 2 GPU nodes", where: "in edge-a" }]);
  expect(attention({ gpus: gpus({ by_cluster }), silent: new Set(["a"]) })).toEqual([]);
});

test("a clock that is not in sync is told with its offset, once, and since when", () => {
  const items = attention({ functions: { clocks: clocks([clock("ens1f0"), clock("ens1f0", { process: "ts2phc" })]) } });
  expect(items).toMatchObject([
    {
      tone: "warning",
      what: "Clock ens1f0 on worker-1 is in holdover",
      where: "in edge-a",
      why: "1,480 ns from its source",
      since: { at: "2026-01-31T11:58:00Z" },
    },
  ]);
});

test("clocks of one node are one line, by the one that is farthest off", () => {
  const both = clocks([clock("CLOCK_REALTIME", { offset_ns: 90 }), clock("ens1f0", { offset_ns: -44_257 })]);
  expect(attention({ functions: { clocks: both } })).toMatchObject([
    {
      what: "2 clocks on worker-1 are in holdover",
      why: "up to -44,257 ns from their source",
      place: { to: "/cnf", search: { tab: "clocks", cluster_id: ["a"], node_name: ["worker-1"] } },
    },
  ]);
});

test("what is known of a clock from long ago is said to be old", () => {
  const old = clock("ens1f0", { stale: true, last_updated: "2026-01-31T11:48:00Z" });
  expect(attention({ functions: { clocks: clocks([old]) } })[0]!.why).toContain("sampled 12 min. ago");
});

test("clocks that were not all read are counted, the worst state first", () => {
  const read = clocks([clock("ens1f0", { clock_state: "FREERUN" })], { FREERUN: 25, HOLDOVER: 2 });
  expect(attention({ functions: { clocks: read } }).map(({ tone, what }) => [tone, what])).toEqual([
    ["danger", "25 clocks in freerun"],
    ["warning", "2 clocks in holdover"],
  ]);
});

test("workloads, virtual functions and ports that are not well are told with the reason", () => {
  const at = { cluster_id: "a", cluster_name: "edge-a", stale: false };
  const [workload] = getListCnfWorkloadsResponseMock().items;
  const [resource] = getListSriovStatusResponseMock().items;
  const [port] = getListDpdkStatsResponseMock().items;
  const items = attention({
    functions: {
      workloads: getListCnfWorkloadsResponseMock({
        items: [{ ...workload!, ...at, namespace: "ran", pod: "du-0", cnf_type: "VDU", state: "RUNNING", reason: "CrashLoopBackOff", restarts: 7 }],
        by_state: { CRASHING: 1, FAILED: 0, PENDING: 0, RUNNING: 0, SUCCEEDED: 0, UNKNOWN: 0 },
      }),
      virtual: getListSriovStatusResponseMock({
        items: [{ ...resource!, ...at, node_name: "worker-1", resource_name: "openshift.io/fronthaul", used_vfs: 8, allocatable_vfs: 8 }],
        totals: { total_vfs: 8, allocatable_vfs: 8, used_vfs: 8, exhausted: 1 },
      }),
      ports: getListDpdkStatsResponseMock({
        items: [{ ...port!, ...at, namespace: "ran", pod: "du-0", port: "0", rx_dropped_per_second: 120, tx_dropped_per_second: 0 }],
        totals: { dropping: 1, rx_dropped_per_second: 120, tx_dropped_per_second: 0, rx_packets_per_second: 1, tx_packets_per_second: 1 },
      }),
    },
  });
  expect(items.map(({ tone, what, why }) => [tone, what, why])).toEqual([
    ["danger", "Workload du-0 in ran is crash-looping", "VDU · CrashLoopBackOff · 7 restarts"],
    ["warning", "openshift.io/fronthaul on worker-1: no virtual function left", "8 of 8 in use"],
    ["warning", "Port 0 of du-0 in ran: drops packets", "120 packets/s received are lost"],
  ]);
});
