/** What of network functions is not well: clocks, workloads, virtual functions, ports. */

import type { Tone } from "@/components/badges";
import { ONE_BY_ONE, type Item } from "@/features/fleet/attention";
import { someOf } from "@/features/fleet/some-of";
import type {
  CnfArea,
  CnfWorkloadList,
  DpdkPortList,
  PtpStatusList,
  SriovStatusList,
} from "@/generated/api.schemas";
import { count, plural, words } from "@/lib/format";
import { areaPlace, functionNamed, functionPlace, functionTold, partsOf, severalIn } from "@/lib/network-functions";
import { agoElsewhere } from "@/lib/time";

/** Only of what is not well, worst first; undefined until it is read. */
export interface FunctionLists {
  workloads?: CnfWorkloadList | undefined;
  clocks?: PtpStatusList | undefined;
  virtual?: SriovStatusList | undefined;
  ports?: DpdkPortList | undefined;
}

interface Bad {
  cluster_id: string;
  cluster_name: string;
  last_updated: string;
  stale: boolean;
  standing: string | null;
  state_since: string | null;
  area: CnfArea;
  name: string;
  state: string;
  why?: string | undefined;
  /** Of clocks: from their source, in ns. */
  offset?: number | null | undefined;
}

interface Listed {
  area: CnfArea;
  /** What a state of them means, worst first, and how many are in it. */
  states: readonly (readonly [state: string, tone: Tone, times: number])[];
  rows: readonly Bad[];
}

export function functionItems(lists: FunctionLists, now: number): Item[] {
  return [clocks(lists), workloads(lists), virtual(lists), ports(lists)].flatMap((listed) =>
    listed === undefined ? [] : itemsOf(listed, now),
  );
}

function itemsOf({ area, states, rows }: Listed, now: number): Item[] {
  return states.flatMap(([state, tone, times]): Item[] => {
    const mine = rows.filter((row) => row.state === state);
    if (times === 0) return [];
    // Several may keep one clock: it is told once; and clocks of one node fail together.
    const once = [...new Map(mine.map((row) => [`${row.cluster_id} ${row.name}`, row])).values()];
    const together = [...Map.groupBy(once, (row) => (area === "PTP" ? nodeOf(row) : `${row.cluster_id} ${row.name}`)).values()];
    const known = mine.length >= times;
    if (known && together.length <= ONE_BY_ONE) return together.map((rows) => itemOf(rows, tone, now));
    const clusters = [...new Set(once.map(({ cluster_name }) => cluster_name))];
    return [
      {
        id: `${area} ${state}`,
        tone,
        what: severalIn(area, state, known ? once.length : times),
        place: areaPlace(area, { state }),
        where: known ? `in ${plural(clusters.length, "cluster")}` : "",
        why: known ? someOf(clusters) : undefined,
      },
    ];
  });
}

const nodeOf = ({ area, cluster_id, name }: Bad) => `${cluster_id} ${partsOf(area, name).node}`;

/** `rows`: one, or the clocks of one node. */
function itemOf(rows: readonly Bad[], tone: Tone, now: number): Item {
  const [first] = rows;
  const { area, name, state, cluster_id, cluster_name, standing, state_since, stale, last_updated } = first!;
  const age = stale ? `sampled ${agoElsewhere(Date.parse(last_updated), now)}` : undefined;
  return {
    id: `${area} ${rows.length === 1 ? `${cluster_id} ${name}` : nodeOf(first!)} ${state}`,
    tone,
    ...(rows.length === 1 ? single(first!) : clocksOfNode(rows)),
    where: `in ${cluster_name}`,
    why: [rows.length === 1 ? first!.why : farthest(rows), age].filter(Boolean).join(" · ") || undefined,
    since: standing === state && state_since !== null ? { at: state_since } : undefined,
  };
}

function single({ area, name, state, cluster_id }: Bad): Pick<Item, "what" | "place"> {
  const said = STATES[state];
  return {
    what: said === undefined ? functionTold({ area, name, old_state: null, new_state: state }) : `${functionNamed(area, name)} ${said}`,
    place: functionPlace(cluster_id, area, name),
  };
}

function clocksOfNode(rows: readonly Bad[]): Pick<Item, "what" | "place"> {
  const { area, name, state, cluster_id } = rows[0]!;
  const { node = "" } = partsOf(area, name);
  return {
    what: `${plural(rows.length, "clock")} on ${node} are in ${words(state)}`,
    place: { to: "/cnf", search: { tab: "clocks", cluster_id: [cluster_id], node_name: [node] } },
  };
}

function farthest(rows: readonly Bad[]): string | undefined {
  const offsets = rows.flatMap(({ offset }) => (offset === null || offset === undefined ? [] : [offset]));
  if (offsets.length === 0) return undefined;
  const most = offsets.reduce((far, each) => (Math.abs(each) > Math.abs(far) ? each : far));
  return `up to ${nanoseconds(most)} from their source`;
}

const nanoseconds = (value: number) => `${count(Math.round(value))} ns`;

const STATES: Readonly<Record<string, string>> = {
  FREERUN: "is in freerun",
  HOLDOVER: "is in holdover",
  FAILED: "has failed",
  CRASHING: "is crash-looping",
};

function clocks({ clocks: list }: FunctionLists): Listed | undefined {
  if (list === undefined) return undefined;
  const { by_state, items } = list;
  return {
    area: "PTP",
    states: [
      ["FREERUN", "danger", by_state.FREERUN],
      ["HOLDOVER", "warning", by_state.HOLDOVER],
    ],
    rows: items.map((row) => ({
      ...row,
      area: "PTP",
      name: `${row.node_name}/${row.interface}`,
      state: row.clock_state ?? "UNKNOWN",
      offset: row.offset_ns,
      why: row.offset_ns == null ? undefined : `${nanoseconds(row.offset_ns)} from its source`,
    })),
  };
}

function workloads({ workloads: list }: FunctionLists): Listed | undefined {
  if (list === undefined) return undefined;
  const { by_state, items } = list;
  return {
    area: "WORKLOAD",
    states: [
      ["FAILED", "danger", by_state.FAILED],
      ["CRASHING", "danger", by_state.CRASHING],
    ],
    rows: items.map((row) => ({
      ...row,
      area: "WORKLOAD",
      name: `${row.namespace}/${row.pod}`,
      state: row.state === "RUNNING" ? "CRASHING" : row.state,
      why: [row.cnf_type, row.reason, row.restarts ? plural(row.restarts, "restart") : ""].filter(Boolean).join(" · "),
    })),
  };
}

function virtual({ virtual: list }: FunctionLists): Listed | undefined {
  if (list === undefined) return undefined;
  return {
    area: "SRIOV",
    states: [["EXHAUSTED", "warning", list.totals.exhausted]],
    rows: list.items.map((row) => ({
      ...row,
      area: "SRIOV",
      name: `${row.node_name}/${row.resource_name}`,
      state: "EXHAUSTED",
      why: row.used_vfs == null || row.allocatable_vfs == null ? undefined : `${count(row.used_vfs)} of ${count(row.allocatable_vfs)} in use`,
    })),
  };
}

function ports({ ports: list }: FunctionLists): Listed | undefined {
  if (list === undefined) return undefined;
  return {
    area: "DPDK",
    states: [["DROPPING", "warning", list.totals.dropping]],
    rows: list.items.map((row) => ({
      ...row,
      area: "DPDK",
      name: `${row.namespace}/${row.pod}/${row.port}`,
      state: "DROPPING",
      why: dropsSaid(row.rx_dropped_per_second, row.tx_dropped_per_second),
    })),
  };
}

const RATE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** `120 packets/s received and 3 packets/s sent are lost`. */
function dropsSaid(received: number | null, sent: number | null): string | undefined {
  const said = [
    ...(received ? [`${RATE.format(received)} packets/s received`] : []),
    ...(sent ? [`${RATE.format(sent)} packets/s to send`] : []),
  ];
  return said.length === 0 ? undefined : `${said.join(" and ")} are lost`;
}
