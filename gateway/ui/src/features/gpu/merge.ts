/** Puts samples, as the stream tells them, into answers that were read before. */

import type { GpuMap, GpuNode, GpuUpdate, GpuView } from "@/generated/api.schemas";
import { FAULT } from "@/features/gpu/map/fleet";
import { nodeKey } from "@/features/gpu/search";
import { share, tenths } from "@/features/gpu/values";

/** The newest sample of each node, by `nodeKey`. */
export type Samples = ReadonlyMap<string, GpuUpdate>;

/** Keeps what is newer: samples of far sites may come late. */
export function remember(known: Map<string, GpuUpdate>, update: GpuUpdate): void {
  const key = nodeKey(update.cluster_id, update.node_name);
  const before = known.get(key);
  if (before === undefined || Date.parse(before.sampled_at) <= Date.parse(update.sampled_at)) known.set(key, update);
}

/** The map with samples that are newer than its own; itself if none is. What is raised, idle or lost is the hub's to say. */
export function ontoMap(map: GpuMap, samples: Samples): GpuMap {
  const at = Date.parse(map.at);
  let any = false;
  const told = map.nodes.map(([cluster, name, age]) => {
    const update = samples.get(nodeKey(map.clusters[cluster]!.id, name));
    if (update === undefined || ageAt(at, update) >= age) return undefined;
    any = true;
    return update;
  });
  if (!any) return map;
  return {
    ...map,
    nodes: map.nodes.map((node, index) => {
      const update = told[index];
      return update ? [node[0], node[1], ageAt(at, update), isStale(at, update)] : node;
    }),
    gpus: map.gpus.map((row) => {
      const update = told[row[0]];
      return update ? ontoRow(row, update) : row;
    }),
  };
}

/** A sample may have been long on its way: the newest of a node, and old all the same. */
const STALE_INTERVALS = 3;
const isStale = (at: number, update: GpuUpdate) => ageAt(at, update) > STALE_INTERVALS * update.interval_seconds;

/** Seconds; below 0 what was measured after the map was read. */
const ageAt = (at: number, { sampled_at }: GpuUpdate) => Math.round((at - Date.parse(sampled_at)) / 1000);

function ontoRow(row: GpuMap["gpus"][number], { gpus }: GpuUpdate): GpuMap["gpus"][number] {
  const [node, index, model, , , , , , state] = row;
  const gpu = index === null ? undefined : gpus.find((each) => each.index === index);
  if (gpu === undefined) return row;
  return [
    node,
    index,
    model,
    tenths(gpu.utilization_gpu_percent),
    tenths(share(gpu.memory_used_mb, gpu.memory_total_mb)),
    tenths(gpu.temperature_celsius),
    tenths(share(gpu.power_draw_watts, gpu.power_limit_watts)),
    tenths(gpu.power_draw_watts),
    gpu.error ? state | FAULT : state & ~FAULT,
  ];
}

/** The node as its newest sample tells it; itself if there is none that is newer. */
export function ontoNode<Node extends GpuNode>(node: Node, samples: Samples): Node {
  const update = samples.get(nodeKey(node.cluster_id, node.node_name));
  if (update === undefined || Date.parse(update.sampled_at) <= Date.parse(node.last_updated)) return node;
  const before = new Map(node.gpus.map((gpu) => [gpu.uuid, gpu]));
  const gpus: GpuView[] = update.gpus.map((gpu) => {
    const { idle = null, wasted = false, raised = [], last_xid = null } = before.get(gpu.uuid) ?? {};
    return { ...gpu, idle, wasted, raised, last_xid };
  });
  return {
    ...node,
    source: update.source,
    source_reason: update.source_reason,
    last_updated: update.sampled_at,
    interval_seconds: update.interval_seconds,
    // Only what was stale may still be so: clocks differ.
    stale: node.stale && isStale(Date.now(), update),
    error: update.error ?? null,
    gpus,
  };
}
