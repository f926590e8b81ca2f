/** What of GPUs and network functions needs somebody; those in one state are one line if they are many. */

import type { Tone } from "@/components/badges";
import { ONE_BY_ONE, type Item } from "@/features/fleet/attention";
import { functionItems, type FunctionLists } from "@/features/fleet/function-items";
import { thresholdsPlace, xidTone } from "@/features/fleet/hardware-changes";
import type { GpuHappening, Happening } from "@/features/fleet/happening";
import { someOf } from "@/features/fleet/some-of";
import { GpuMetric, type EventName, type GpuSummary, type GpuThresholds } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { alsoOver, gpuPlace, overThreshold, severalOver } from "@/lib/gpus";

export const FACT_TYPES: readonly EventName[] = [
  "GPU_DISAPPEARED",
  "GPU_REAPPEARED",
  "GPU_XID_ERROR",
  "CLUSTER_DELETED",
];

export interface Hardware {
  /** Undefined, as each of these, until it is read. */
  gpus: GpuSummary | undefined;
  crossed: GpuThresholds | undefined;
  /** Events of `FACT_TYPES`, newest first. */
  facts: readonly Happening[];
  functions: FunctionLists;
  /** Clusters of which it is known why nothing comes from them. */
  silent: ReadonlySet<string>;
  now: number;
}

export function hardwareItems({ gpus, crossed, facts, functions, silent, now }: Hardware): Item[] {
  const told = openFacts(facts, now);
  return [
    ...(gpus === undefined ? [] : lostItems(told, gpus.lost)),
    ...xidItems(told),
    ...(gpus === undefined ? [] : [...errorItems(gpus.errors), ...staleItems(gpus, silent)]),
    ...(crossed === undefined ? [] : crossedItems(crossed, gpus)),
    ...functionItems(functions, now),
  ];
}

type OfGpu = Happening & { gpu: GpuHappening };

interface Open {
  lost?: OfGpu;
  xid?: OfGpu;
}

/** An error that a driver has told says nothing of how it is much later. */
const XID_MS = 3_600_000;

/** What the log says of each GPU since it was there last without a fault. */
function openFacts(facts: readonly Happening[], now: number): Open[] {
  const found = new Map<string, Open>();
  const settled = new Set<string>();
  const deleted = new Set<string | null>();
  for (const event of facts) {
    if (event.type === "CLUSTER_DELETED") deleted.add(event.cluster);
    if (!isOfGpu(event) || deleted.has(event.cluster)) continue;
    const key = `${event.cluster} ${event.gpu.uuid}`;
    if (settled.has(key)) continue;
    if (event.type === "GPU_REAPPEARED") {
      settled.add(key);
      continue;
    }
    const open = found.get(key) ?? {};
    found.set(key, open);
    if (event.type === "GPU_DISAPPEARED") open.lost ??= event;
    else if (open.lost !== undefined || now - event.at <= XID_MS) open.xid ??= event;
  }
  return [...found.values()];
}

const isOfGpu = (event: Happening): event is OfGpu => event.gpu !== undefined;
const iso = (at: number) => new Date(at).toISOString();
const inCluster = (name: string | null) => (name === null ? "" : `in ${name}`);
const nodesOf = (events: readonly OfGpu[]) => [...new Set(events.map(({ gpu }) => gpu.node))];
const placeOf = ({ cluster, gpu }: OfGpu) =>
  cluster === null ? { to: "/gpu" as const } : gpuPlace(cluster, gpu.node, gpu.index);

/** `count`: how many are lost. The log may not be read as far back as the first of them. */
function lostItems(told: readonly Open[], lost: number): Item[] {
  if (lost === 0) return [];
  const known = told.flatMap((open) => (open.lost === undefined ? [] : [{ event: open.lost, xid: open.xid }]));
  if (known.length === lost && lost <= ONE_BY_ONE) {
    return known.map(({ event, xid }) => ({
      id: `gpu lost ${event.cluster} ${event.gpu.uuid}`,
      tone: "danger",
      what: event.gpu.told,
      place: placeOf(event),
      where: inCluster(event.clusterName),
      why: xid === undefined ? "Its node tells of other GPUs, but of this one no more." : xidSaid(xid.gpu),
      since: { at: iso(event.at) },
    }));
  }
  const events = known.map(({ event }) => event);
  const [newest] = events;
  return [
    {
      id: "gpu lost",
      tone: "danger",
      what: `${plural(lost, "GPU has", "GPUs have")} disappeared`,
      place: { to: "/gpu", search: { show: "lost" } },
      why: events.length === lost ? someOf(nodesOf(events)) : undefined,
      since: newest === undefined ? undefined : { at: iso(newest.at), label: "newest" },
    },
  ];
}

const xidSaid = ({ xid, description }: GpuHappening) => `XID ${xid}${description ? `: ${description}` : ""}`;

/** Of GPUs that are still there: those that are lost have a line that tells it. */
function xidItems(told: readonly Open[]): Item[] {
  const events = told.flatMap(({ lost, xid }) => (lost === undefined && xid !== undefined ? [xid] : []));
  const kinds = [...Map.groupBy(events, ({ gpu }) => gpu.xid)].map(([xid, those]) => xidItem(xid, those));
  return [...kinds.slice(0, ONE_BY_ONE), ...moreXids(kinds.slice(ONE_BY_ONE))];
}

function xidItem(xid: number | undefined, events: readonly OfGpu[]): Item {
  const [newest] = events;
  const known = { id: `xid ${xid}`, tone: xidTone(xid) };
  if (events.length === 1) {
    const since = { at: iso(newest!.at) };
    return { ...known, what: newest!.gpu.told, place: placeOf(newest!), where: inCluster(newest!.clusterName), since };
  }
  const { description } = newest!.gpu;
  return {
    ...known,
    what: `XID ${xid} on ${plural(events.length, "GPU")}${description ? `: ${description}` : ""}`,
    place: { to: "/events", search: { event_type: ["GPU_XID_ERROR"] } },
    why: someOf(nodesOf(events)),
    since: { at: iso(newest!.at), label: "newest" },
  };
}

function moreXids(kinds: readonly Item[]): Item[] {
  if (kinds.length === 0) return [];
  const tone: Tone = kinds.some((each) => each.tone === "danger") ? "danger" : "warning";
  const what = `${plural(kinds.length, "more kind", "more kinds")} of XID errors`;
  return [{ id: "more xids", tone, what, place: { to: "/events", search: { event_type: ["GPU_XID_ERROR"] } } }];
}

function errorItems(errors: number): Item[] {
  if (errors === 0) return [];
  const what = `${plural(errors, "GPU reports", "GPUs report")} an error`;
  return [{ id: "gpu errors", tone: "warning", what, place: { to: "/gpu", search: { show: "error" } } }];
}

function staleItems({ by_cluster }: GpuSummary, silent: ReadonlySet<string>): Item[] {
  const clusters = by_cluster.filter(({ cluster_id, stale_nodes }) => stale_nodes > 0 && !silent.has(cluster_id));
  const nodes = clusters.reduce((sum, { stale_nodes }) => sum + stale_nodes, 0);
  if (nodes === 0) return [];
  const [first] = clusters;
  const only = clusters.length === 1 ? { cluster_id: [first!.cluster_id] } : {};
  return [
    {
      id: "gpu stale",
      tone: "warning",
      what: `No samples of ${plural(nodes, "GPU node")}`,
      place: { to: "/gpu", search: { tab: "nodes", stale: true, ...only } },
      where: `in ${someOf(clusters.map(({ cluster_name }) => cluster_name))}`,
      why: "What is shown of their GPUs is how it was.",
    },
  ];
}

/** By GPU if they are few, else by what is too high. */
function crossedItems({ raised, total }: GpuThresholds, gpus: GpuSummary | undefined): Item[] {
  const all = raised.length === total;
  const byGpu = Map.groupBy(raised, ({ cluster_id, gpu_uuid }) => `${cluster_id} ${gpu_uuid}`);
  if (all && byGpu.size <= ONE_BY_ONE) return [...byGpu.values()].map(crossedItem);
  return [...Map.groupBy(raised, ({ metric }) => metric)].map(([metric, those]) => {
    const since = those[0]?.since;
    return {
      id: `gpu over ${metric}`,
      tone: "warning" as const,
      what: severalOver(metric, all ? those.length : Math.max(those.length, gpus?.raised[metric] ?? 0)),
      place: thresholdsPlace(metric),
      why: all ? someOf([...new Set(those.map(({ node_name }) => node_name))]) : undefined,
      since: since ? { at: since, label: "newest" } : undefined,
    };
  });
}

const METRICS = Object.values(GpuMetric);

/** All thresholds that one GPU has crossed. */
function crossedItem(those: GpuThresholds["raised"]): Item {
  const [first, ...others] = those.toSorted((a, b) => METRICS.indexOf(a.metric) - METRICS.indexOf(b.metric));
  const { cluster_id, cluster_name, node_name, gpu_index, gpu_uuid, since } = first!;
  return {
    id: `gpu over ${cluster_id} ${gpu_uuid}`,
    tone: "warning",
    what: overThreshold(first!),
    place: gpuPlace(cluster_id, node_name, gpu_index),
    where: inCluster(cluster_name),
    why: others.length === 0 ? undefined : others.map(alsoOver).join(", "),
    since: since === null ? undefined : { at: since },
  };
}
