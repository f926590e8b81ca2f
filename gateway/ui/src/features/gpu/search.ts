/** What the GPU page reads from its URL; filters are named as in the API. */

import { GpuColumn, GpuMetric, GpuSource, OverTime, Attribution } from "@/generated/api.schemas";
import { flag, list, number, oneOf, someOf, text, uuid, type Raw } from "@/lib/search";

export const TABS = ["nodes", "processes", "history", "thresholds"] as const;
export type Tab = (typeof TABS)[number];

/** What the map is coloured by. */
export const MAP_METRICS = ["utilization", "memory", "temperature", "power"] as const;
export type MapMetric = (typeof MAP_METRICS)[number];

export const GROUPINGS = ["model", "flat"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What can be remarkable about a GPU, and be looked for. */
export const MARKS = ["raised", "error", "lost", "wasted", "idle", "stale"] as const;
export type Mark = (typeof MARKS)[number];

export const MAP_SORTS = ["node", "utilization", "memory", "temperature", "power"] as const;
export const NODE_SORTS = ["name", "cluster", "last_updated", "gpus", "utilization", "memory", "temperature", "power"] as const;

export interface GpuSearch {
  /** Without it: the overview. */
  tab?: Tab | undefined;
  cluster_id?: string[] | undefined;
  model?: string[] | undefined;
  namespace?: string | undefined;
  source?: GpuSource | undefined;
  stale?: boolean | undefined;
  q?: string | undefined;
  attribution?: Attribution | undefined;
  gpu_uuid?: string | undefined;
  /** Of the map: utilisation, if it is left out; by cluster, if it is left out. */
  metric?: MapMetric | undefined;
  by?: Grouping | undefined;
  show?: Mark | undefined;
  view?: "table" | undefined;
  /** Of the list that is shown: `name`, or `-name`. */
  sort?: string | undefined;
  /** The node beside the list: the id of its cluster, a slash, its name; and which of its GPUs is meant. */
  open?: string | undefined;
  gpu?: number | undefined;
  /** Of histories: of which node (as `open`), what, and what becomes of the values of a step. */
  of?: string | undefined;
  column?: GpuColumn[] | undefined;
  over?: OverTime | undefined;
  raised?: GpuMetric | undefined;
  /** The node (as `open`) of whose charts it is told what differs from before, while they are shown. */
  explain?: string | undefined;
}

export function readGpuSearch(raw: Raw): GpuSearch {
  return {
    tab: oneOf(raw["tab"], TABS),
    cluster_id: list(raw["cluster_id"])?.flatMap((id) => uuid(id) ?? []),
    model: list(raw["model"]),
    namespace: text(raw["namespace"]),
    source: oneOf(raw["source"], Object.values(GpuSource)),
    stale: flag(raw["stale"]),
    q: text(raw["q"]),
    attribution: oneOf(raw["attribution"], Object.values(Attribution)),
    gpu_uuid: text(raw["gpu_uuid"]),
    metric: oneOf(raw["metric"], MAP_METRICS),
    by: oneOf(raw["by"], GROUPINGS),
    show: oneOf(raw["show"], MARKS),
    view: oneOf(raw["view"], ["table"]),
    sort: text(raw["sort"]),
    open: oneNode(raw["open"]),
    gpu: place(raw["gpu"]),
    of: oneNode(raw["of"]),
    column: someOf(raw["column"], Object.values(GpuColumn)),
    over: oneOf(raw["over"], Object.values(OverTime)),
    raised: oneOf(raw["raised"], Object.values(GpuMetric)),
    explain: oneNode(raw["explain"]),
  };
}

export interface NodeId {
  cluster: string;
  name: string;
}

/** `CLUSTER/NODE`, as it stands in the URL. */
export const nodeKey = (cluster: string, name: string): string => `${cluster}/${name}`;

export function readNodeKey(key: string | undefined): NodeId | undefined {
  const at = key?.indexOf("/") ?? -1;
  const cluster = uuid(key?.slice(0, at));
  const name = key?.slice(at + 1);
  return at < 0 || cluster === undefined || !name ? undefined : { cluster, name };
}

function oneNode(value: unknown): string | undefined {
  const said = text(value);
  return readNodeKey(said) === undefined ? undefined : said;
}

function place(value: unknown): number | undefined {
  const read = number(value);
  return read !== undefined && Number.isSafeInteger(read) && read >= 0 ? read : undefined;
}

/** The one that is asked for in this list's own words, or the first. */
export function sortOf<T extends string>(said: string | undefined, allowed: readonly T[]): T | `-${T}` | undefined {
  const name = said?.replace(/^-/, "");
  return allowed.some((each) => each === name) ? (said as T | `-${T}`) : undefined;
}
