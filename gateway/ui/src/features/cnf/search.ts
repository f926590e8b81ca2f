/** What the page of network functions keeps in its URL; names are those of the API wherever it has one. */

import { CnfType } from "@/generated/api.schemas";
import { flag, list, oneOf, someOf, text, uuid, type Raw } from "@/lib/search";

export const TABS = ["workloads", "clocks", "functions", "ports"] as const;
export type Tab = (typeof TABS)[number];

export const TYPES = Object.values(CnfType);
/** Worst first. */
export const WORKLOAD_STATES = ["FAILED", "CRASHING", "UNKNOWN", "PENDING", "RUNNING", "SUCCEEDED"] as const;
export type ShownState = (typeof WORKLOAD_STATES)[number];
/** Worst first; `UNKNOWN`: of which it is not known. */
export const CLOCK_STATES = ["FREERUN", "HOLDOVER", "UNKNOWN", "LOCKED"] as const;
export type ShownClock = (typeof CLOCK_STATES)[number];

/** What is looked for on every tab, and what on one of them. */
export interface Filters {
  cluster_id?: string[] | undefined;
  node_name?: string[] | undefined;
  q?: string | undefined;
  namespace?: string | undefined;
  cnf_type?: CnfType[] | undefined;
  state?: ShownState[] | undefined;
  clock_state?: ShownClock[] | undefined;
  exhausted?: true | undefined;
  dropping?: true | undefined;
}

export interface CnfSearch extends Filters {
  /** Without it: workloads. */
  tab?: Exclude<Tab, "workloads"> | undefined;
  /** What is open beside the list, as its row is called. */
  open?: string | undefined;
  /** The open clock, of whose chart it is told what differs from before, in place of its drawer. */
  explain?: string | undefined;
}

export function readCnfSearch(raw: Raw): CnfSearch {
  return {
    tab: oneOf(raw["tab"], ["clocks", "functions", "ports"]),
    cluster_id: clusters(raw["cluster_id"]),
    node_name: list(raw["node_name"]),
    q: text(raw["q"]),
    namespace: text(raw["namespace"]),
    cnf_type: someOf(raw["cnf_type"], TYPES),
    state: someOf(raw["state"], WORKLOAD_STATES),
    clock_state: someOf(raw["clock_state"], CLOCK_STATES),
    exhausted: flag(raw["exhausted"]) || undefined,
    dropping: flag(raw["dropping"]) || undefined,
    open: opened(raw["open"]),
    explain: opened(raw["explain"]),
  };
}

function clusters(said: unknown): string[] | undefined {
  const known = list(said)?.flatMap((id) => uuid(id) ?? []);
  return known && known.length > 0 ? known : undefined;
}

/** Every row's name begins with its cluster. */
function opened(said: unknown): string | undefined {
  const row = text(said);
  return uuid(row?.split("/", 1)[0]) === undefined ? undefined : row;
}

/** Nothing is looked for in particular: undefined for every filter. */
export const NO_FILTERS = {
  cluster_id: undefined,
  node_name: undefined,
  q: undefined,
  namespace: undefined,
  cnf_type: undefined,
  state: undefined,
  clock_state: undefined,
  exhausted: undefined,
  dropping: undefined,
} as const satisfies Filters;

const EVERYWHERE = ["cluster_id", "node_name", "q"] as const;
/** The filters that each tab has. */
export const FILTERS_OF: Readonly<Record<Tab, readonly (keyof Filters)[]>> = {
  workloads: [...EVERYWHERE, "namespace", "cnf_type", "state"],
  clocks: [...EVERYWHERE, "clock_state"],
  functions: [...EVERYWHERE, "exhausted"],
  ports: [...EVERYWHERE, "namespace", "dropping"],
};

/** What the hub is asked for; each list takes some of it. */
export interface Params {
  cluster_id?: string[];
  node_name?: string[];
  q?: string;
  namespace?: string[];
  cnf_type?: CnfType[];
  state?: ShownState[];
  clock_state?: ShownClock[];
  exhausted?: true;
  dropping?: true;
}

/** What the hub is asked for on a tab; what is not looked for is left out. */
export function paramsOf(tab: Tab, search: Filters): Params {
  const wanted = FILTERS_OF[tab].flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]] as const]));
  const { namespace, ...params } = Object.fromEntries(wanted) as Omit<Params, "namespace"> & { namespace?: string };
  return namespace === undefined ? params : { ...params, namespace: [namespace] };
}

/** True if something narrows down what a tab shows, clusters apart. */
export const isNarrowed = (tab: Tab, search: Filters): boolean =>
  FILTERS_OF[tab].some((name) => name !== "cluster_id" && search[name] !== undefined);
