/** Network functions for tests. */

import { http, HttpResponse } from "msw";

import type {
  CnfUnknown,
  CnfWorkloadList,
  CnfWorkloadView,
  DpdkPortList,
  DpdkPortView,
  PtpStatusList,
  PtpStatusView,
  SriovStatusList,
  SriovStatusView,
} from "@/generated/api.schemas";
import { hub } from "@/testing/hub";

export const ID = "75f9c9f4-eec2-5cac-b213-74a1a6493d37";
const AT = "2026-03-04T12:00:00Z";

const sampled = {
  cluster_id: ID,
  cluster_name: "edge-1",
  last_updated: AT,
  stale: false,
  source: "METRICS",
  standing: null,
  state_since: null,
} as const;

export const workload = (changed: Partial<CnfWorkloadView> = {}): CnfWorkloadView => ({
  ...sampled,
  cnf_type: "VDU",
  namespace: "du-site-1",
  pod: "du-0",
  node_name: "worker-1",
  state: "RUNNING",
  ready: true,
  restarts: 0,
  reason: null,
  evidence: "pod named like a VDU",
  ...changed,
});

export const clock = (changed: Partial<PtpStatusView> = {}): PtpStatusView => ({
  ...sampled,
  node_name: "worker-1",
  interface: "ens1fx",
  process: "ptp4l",
  offset_ns: 4,
  clock_state: "LOCKED",
  role: "SLAVE",
  clock_class: 6,
  ...changed,
});

export const resource = (changed: Partial<SriovStatusView> = {}): SriovStatusView => ({
  ...sampled,
  node_name: "worker-1",
  resource_name: "openshift.io/fronthaul",
  policy: "fronthaul",
  interfaces: ["ens1f0"],
  total_vfs: 16,
  allocatable_vfs: 8,
  used_vfs: 3,
  free_vfs: 5,
  exhausted: false,
  ...changed,
});

export const port = (changed: Partial<DpdkPortView> = {}): DpdkPortView => ({
  ...sampled,
  namespace: "upf-site-1",
  pod: "upf-0",
  node_name: "worker-1",
  port: "0",
  rx_packets: 1_000_000,
  tx_packets: 900_000,
  rx_dropped: 0,
  tx_dropped: null,
  rx_errors: 0,
  tx_errors: 0,
  rate_seconds: 60,
  rx_packets_per_second: 120_000,
  tx_packets_per_second: 110_000,
  rx_dropped_per_second: 0,
  tx_dropped_per_second: null,
  rx_errors_per_second: 0,
  tx_errors_per_second: 0,
  dropping: false,
  ...changed,
});

export const gap = (changed: Partial<CnfUnknown> = {}): CnfUnknown => ({
  cluster_id: ID,
  cluster_name: "edge-1",
  what: "workloads",
  reason: "a FAR_EDGE cluster is asked for metrics only",
  last_updated: null,
  ...changed,
});

const page = <Row>(items: Row[], missing: CnfUnknown[]) => ({
  items,
  missing,
  total: items.length,
  page: 1,
  page_size: 100,
  total_pages: Math.ceil(items.length / 100),
});
const having = <Row>(rows: Row[], is: (row: Row) => boolean | null) => rows.filter((row) => is(row) === true).length;
const sum = (values: (number | null)[]) => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((all, value) => all + value, 0);
};

export function workloadsOf(rows: CnfWorkloadView[], missing: CnfUnknown[] = []): CnfWorkloadList {
  const shown = ({ state, standing }: CnfWorkloadView) => (standing === "CRASHING" ? "CRASHING" : state);
  const inState = (state: string) => having(rows, (row) => shown(row) === state);
  const of = (type: string) => having(rows, ({ cnf_type }) => cnf_type === type);
  return {
    ...page(rows, missing),
    by_state: {
      FAILED: inState("FAILED"),
      CRASHING: inState("CRASHING"),
      UNKNOWN: inState("UNKNOWN"),
      PENDING: inState("PENDING"),
      RUNNING: inState("RUNNING"),
      SUCCEEDED: inState("SUCCEEDED"),
    },
    by_type: { VDU: of("VDU"), VCU: of("VCU"), UPF: of("UPF"), AMF: of("AMF"), SMF: of("SMF"), OTHER: of("OTHER") },
  };
}

export function clocksOf(rows: PtpStatusView[], missing: CnfUnknown[] = []): PtpStatusList {
  const inState = (state: string | null) => having(rows, ({ clock_state }) => clock_state === state);
  const by_state = { FREERUN: inState("FREERUN"), HOLDOVER: inState("HOLDOVER"), UNKNOWN: inState(null), LOCKED: inState("LOCKED") };
  return { ...page(rows, missing), by_state };
}

export function resourcesOf(rows: SriovStatusView[], missing: CnfUnknown[] = []): SriovStatusList {
  const all = (of: (row: SriovStatusView) => number | null | undefined) => sum(rows.map((row) => of(row) ?? null)) ?? 0;
  const totals = {
    total_vfs: all(({ total_vfs }) => total_vfs),
    allocatable_vfs: all(({ allocatable_vfs }) => allocatable_vfs),
    used_vfs: all(({ used_vfs }) => used_vfs),
    exhausted: having(rows, ({ exhausted }) => exhausted),
  };
  return { ...page(rows, missing), totals };
}

export function portsOf(rows: DpdkPortView[], missing: CnfUnknown[] = []): DpdkPortList {
  const totals = {
    dropping: having(rows, ({ dropping }) => dropping),
    rx_packets_per_second: sum(rows.map((row) => row.rx_packets_per_second)),
    tx_packets_per_second: sum(rows.map((row) => row.tx_packets_per_second)),
    rx_dropped_per_second: sum(rows.map((row) => row.rx_dropped_per_second)),
    tx_dropped_per_second: sum(rows.map((row) => row.tx_dropped_per_second)),
  };
  return { ...page(rows, missing), totals };
}

interface Hub {
  workloads?: CnfWorkloadList;
  clocks?: PtpStatusList;
  resources?: SriovStatusList;
  ports?: DpdkPortList;
}

/** The hub answers with these, and notes what it was asked. */
export function withFunctions({ workloads, clocks, resources, ports }: Hub = {}): URL[] {
  const asked: URL[] = [];
  const answer = (path: string, body: object) =>
    http.get(`*/api/v1/cnf/${path}`, ({ request }) => {
      asked.push(new URL(request.url));
      return HttpResponse.json(body);
    });
  hub.use(
    answer("workloads", workloads ?? workloadsOf([workload()])),
    answer("ptp/status", clocks ?? clocksOf([clock()])),
    answer("sriov/status", resources ?? resourcesOf([resource()])),
    answer("dpdk/stats", ports ?? portsOf([port()])),
  );
  return asked;
}

/** That were asked of a list, not of its figures alone. */
export const lists = (asked: readonly URL[], path: string) =>
  asked.filter((url) => url.pathname === `/api/v1/cnf/${path}` && url.searchParams.get("page_size") === "100");
