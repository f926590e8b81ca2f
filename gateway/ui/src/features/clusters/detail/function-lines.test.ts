import { expect, test } from "vitest";

import { clockLine, portLine, resourceLine, workloadLine } from "@/features/clusters/detail/function-lines";
import {
  getListCnfWorkloadsResponseMock,
  getListDpdkStatsResponseMock,
  getListPtpStatusResponseMock,
  getListSriovStatusResponseMock,
} from "@/generated/api.msw";

const at = { cluster_id: "c" };
const workload = { ...getListCnfWorkloadsResponseMock().items[0]!, ...at, namespace: "ran", pod: "du-0", node_name: "worker-1" };
const clock = { ...getListPtpStatusResponseMock().items[0]!, ...at, node_name: "worker-1", interface: "ens1f0", process: "ptp4l" };
const resource = { ...getListSriovStatusResponseMock().items[0]!, ...at, node_name: "worker-1", resource_name: "openshift.io/fronthaul" };
const port = { ...getListDpdkStatsResponseMock().items[0]!, ...at, namespace: "ran", pod: "du-0", port: "0" };

test("a workload that runs between two crashes is not told as running", () => {
  const said = { cnf_type: "VDU", reason: null, restarts: 0, ready: true, standing: null, state: "RUNNING" } as const;
  expect(workloadLine({ ...workload, ...said })).toMatchObject({ name: "ran/du-0", state: "RUNNING", more: "VDU · worker-1" });
  expect(workloadLine({ ...workload, ...said, standing: "CRASHING" }).state).toBe("CRASHING");
  expect(workloadLine({ ...workload, ...said, ready: false }).state).toBe("NOT_READY");
});

test("what is not known of a clock is said, and is no 0", () => {
  const line = clockLine({ ...clock, clock_state: null, offset_ns: null, role: "SLAVE" });
  expect(line).toMatchObject({ name: "ens1f0 on worker-1", state: "UNKNOWN", more: "ptp4l · offset not known · slave" });
  expect(clockLine({ ...clock, clock_state: "LOCKED", offset_ns: -12, role: null }).more).toBe("ptp4l · -12 ns from its source");
});

test("virtual functions: how many are in use, of how many that can be had", () => {
  const used = { used_vfs: 8, allocatable_vfs: 8, exhausted: true, interfaces: ["ens1f1"] };
  expect(resourceLine({ ...resource, ...used })).toMatchObject({ state: "EXHAUSTED", more: "8 of 8 in use · ens1f1" });
  const unknown = { used_vfs: null, exhausted: null, interfaces: [] };
  expect(resourceLine({ ...resource, ...unknown })).toMatchObject({ state: "UNKNOWN", more: "use not known" });
});

test("a port: what it drops comes first, with both directions together", () => {
  const rates = { rx_packets_per_second: 165_000, tx_packets_per_second: 158_600, rx_dropped_per_second: 900, tx_dropped_per_second: 99.5 };
  expect(portLine({ ...port, ...rates, dropping: true })).toMatchObject({
    name: "Port 0 of du-0 in ran",
    state: "DROPPING",
    more: "999.5 packets/s dropped · 165K/s received · 158.6K/s sent",
  });
  const none = { rx_packets_per_second: null, tx_packets_per_second: null, rx_dropped_per_second: null, tx_dropped_per_second: null };
  expect(portLine({ ...port, ...none, dropping: null })).toMatchObject({ state: "UNKNOWN", more: "drops not known" });
});
