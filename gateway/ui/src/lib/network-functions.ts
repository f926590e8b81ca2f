/** Network functions in words, and where they are shown; for all who tell of them. */

import type { CnfArea, CnfStatusChanged } from "@/generated/api.schemas";
import { plural, words } from "@/lib/format";
import type { Place } from "@/lib/place";

/** What the names in events are made of. */
interface Parts {
  node?: string;
  namespace?: string;
  pod?: string;
  /** An interface, a resource or a port. */
  part?: string;
}

/** Names of resources have a slash of their own: what comes last has all the rest. */
export function partsOf(area: CnfArea, name: string): Parts {
  const [first = "", second = "", ...rest] = name.split("/");
  switch (area) {
    case "WORKLOAD":
      return { namespace: first, pod: [second, ...rest].join("/") };
    case "PTP":
    case "SRIOV":
      return { node: first, part: [second, ...rest].join("/") };
    case "DPDK":
      return { namespace: first, pod: second, part: rest.join("/") };
  }
}

/** `Clock ens1f0 on worker-1`. */
export const clockNamed = (node: string | undefined, interfaceName: string | undefined): string =>
  interfaceName === "CLOCK_REALTIME" ? `System clock of ${node}` : `Clock ${interfaceName} on ${node}`;

/** The node that it is on, as far as its event tells. */
export const nodeOf = ({ area, name, node_name }: Pick<CnfStatusChanged, "area" | "name" | "node_name">): string | undefined =>
  node_name ?? partsOf(area, name).node;

/** `Clock ens1f0 on worker-1`, `Workload du-0 in ran`. */
export function functionNamed(area: CnfArea, name: string): string {
  const { node, namespace, pod, part } = partsOf(area, name);
  switch (area) {
    case "WORKLOAD":
      return `Workload ${pod} in ${namespace}`;
    case "PTP":
      return clockNamed(node, part);
    case "SRIOV":
      return `${part} on ${node}`;
    case "DPDK":
      return `Port ${part} of ${pod} in ${namespace}`;
  }
}

type Told = Pick<CnfStatusChanged, "area" | "name" | "old_state" | "new_state">;

const STATES: Readonly<Record<string, string>> = {
  EXHAUSTED: "no virtual function left",
  AVAILABLE: "virtual functions left again",
  DROPPING: "drops packets",
  OK: "drops no packets any more",
  CRASHING: "crash-looping",
};
const inWords = (state: string) => STATES[state] ?? words(state);

/** `Clock ens1f0 on worker-1: locked → holdover`. */
export function functionTold({ area, name, old_state, new_state }: Told): string {
  const moved = area === "WORKLOAD" || area === "PTP";
  const before = moved && old_state !== null ? `${words(old_state)} → ` : "";
  return `${functionNamed(area, name)}: ${before}${inWords(new_state)}`;
}

const SEVERAL: Readonly<Record<CnfArea, readonly [one: string, many: string]>> = {
  WORKLOAD: ["workload", "workloads"],
  PTP: ["clock", "clocks"],
  SRIOV: ["resource", "resources"],
  DPDK: ["port", "ports"],
};

/** `12 clocks in holdover`. */
export function severalIn(area: CnfArea, state: string, times: number): string {
  const of = plural(times, ...SEVERAL[area]);
  switch (state) {
    case "FREERUN":
    case "HOLDOVER":
      return `${of} in ${words(state)}`;
    case "EXHAUSTED":
      return `${of} with no virtual function left`;
    case "AVAILABLE":
      return `${of} with virtual functions left again`;
    case "DROPPING":
      return `${of} ${times === 1 ? "drops" : "drop"} packets`;
    case "OK":
      return `${of} ${times === 1 ? "drops" : "drop"} no packets any more`;
    case "CRASHING":
      return `${of} crash-looping`;
    default:
      return `${of} ${words(state)}`;
  }
}

const TABS: Readonly<Record<CnfArea, { tab?: string }>> = {
  WORKLOAD: {},
  PTP: { tab: "clocks" },
  SRIOV: { tab: "functions" },
  DPDK: { tab: "ports" },
};

const FILTERS: Readonly<Record<CnfArea, (state: string) => object>> = {
  WORKLOAD: (state) => ({ state: [state] }),
  PTP: (state) => ({ clock_state: [state] }),
  SRIOV: (state) => (state === "EXHAUSTED" ? { exhausted: true } : {}),
  DPDK: (state) => (state === "DROPPING" ? { dropping: true } : {}),
};

/** All of an area, those of one cluster, or those in one state. */
export const areaPlace = (area: CnfArea, { state, cluster }: { state?: string; cluster?: string } = {}): Place => ({
  to: "/cnf",
  search: {
    ...TABS[area],
    ...(cluster === undefined ? {} : { cluster_id: [cluster] }),
    ...(state === undefined ? {} : FILTERS[area](state)),
  },
});

/** This one, open beside those of its cluster. */
export const functionPlace = (cluster: string, area: CnfArea, name: string): Place => ({
  to: "/cnf",
  search: { ...TABS[area], cluster_id: [cluster], open: `${cluster}/${name}` },
});
