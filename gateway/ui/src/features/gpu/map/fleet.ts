/** The fleet's GPUs as the map has them: rows of numbers, read by name. */

import type { GpuMap } from "@/generated/api.schemas";
import { modelName } from "@/features/gpu/values";
import type { Grouping, MapMetric, Mark } from "@/features/gpu/search";

export type Row = GpuMap["gpus"][number];

/** Bits of a GPU's state, as the hub sums them. */
const RAISED = 1;
const LOST = 2;
const IDLE = 4;
const WASTED = 8;
export const FAULT = 16;

const PLACES: Readonly<Record<MapMetric, 3 | 4 | 5 | 6>> = { utilization: 3, memory: 4, temperature: 5, power: 6 };

export const valueOf = (row: Row, metric: MapMetric): number | null => row[PLACES[metric]];
export const stateOf = (row: Row): number => row[8];
export const isLost = (row: Row): boolean => (row[8] & LOST) !== 0;

const BITS: Readonly<Record<Exclude<Mark, "stale">, number>> = {
  raised: RAISED,
  error: FAULT,
  lost: LOST,
  wasted: WASTED,
  idle: IDLE,
};

export function isMarked(map: GpuMap, row: Row, mark: Mark): boolean {
  return mark === "stale" ? map.nodes[row[0]]![3] : (row[8] & BITS[mark]) !== 0;
}

/** The one mark that a cell shows: the worst. */
export function worstMark(map: GpuMap, row: Row): Mark | undefined {
  const state = row[8];
  if (isLost(row)) return "lost";
  if (state & FAULT) return "error";
  if (state & RAISED) return "raised";
  if (map.nodes[row[0]]![3]) return "stale";
  if (state & WASTED) return "wasted";
  return undefined;
}

export function countMarks(map: GpuMap): Readonly<Record<Mark, number>> {
  const counts = { raised: 0, error: 0, lost: 0, wasted: 0, idle: 0, stale: 0 };
  for (const row of map.gpus) {
    for (const [mark, bit] of MARK_BITS) if (row[8] & bit) counts[mark] += 1;
    if (map.nodes[row[0]]![3]) counts.stale += 1;
  }
  return counts;
}

const MARK_BITS = Object.entries(BITS) as [Exclude<Mark, "stale">, number][];

export interface Place {
  cluster: string;
  clusterName: string;
  node: string;
  gpu: number | null;
  model: string;
}

export function placeOf(map: GpuMap, row: Row): Place {
  const [cluster, node] = map.nodes[row[0]]!;
  const { id, name } = map.clusters[cluster]!;
  return { cluster: id, clusterName: name, node, gpu: row[1], model: modelName(map.models[row[2]]) };
}

/** Cells that stand under one name; those of one node stand together. */
export interface Group {
  name: string;
  nodes: readonly (readonly number[])[];
  gpus: number;
}

/** By cluster, by model, or all together; always in the order of the map, whatever the values. */
export function grouped(map: GpuMap, by: Grouping | undefined): Group[] {
  const keyOf = (row: Row) => (by === "flat" ? 0 : by === "model" ? row[2] : map.nodes[row[0]]![0]);
  const nameOf = (key: number) =>
    by === "flat" ? "" : by === "model" ? modelName(map.models[key]) : map.clusters[key]!.name;
  const groups = new Map<number, { last: number; nodes: number[][]; gpus: number }>();
  for (const [cell, row] of map.gpus.entries()) {
    const key = keyOf(row);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { last: -1, nodes: [], gpus: 0 }));
    if (group.last !== row[0]) group.nodes.push([]);
    group.last = row[0];
    group.nodes.at(-1)!.push(cell);
    group.gpus += 1;
  }
  return [...groups].toSorted(([a], [b]) => a - b).map(([key, { nodes, gpus }]) => ({ name: nameOf(key), nodes, gpus }));
}

/** True if both have the same GPUs at the same places, whatever their values. */
export function sameShape(a: GpuMap, b: GpuMap): boolean {
  if (a === b) return true;
  return (
    a.gpus.length === b.gpus.length &&
    a.nodes.length === b.nodes.length &&
    a.models.every((model, index) => model === b.models[index]) &&
    a.clusters.every(({ id }, index) => id === b.clusters[index]?.id) &&
    a.nodes.every(([cluster, name], index) => cluster === b.nodes[index]![0] && name === b.nodes[index]![1]) &&
    a.gpus.every((row, index) => row[0] === b.gpus[index]![0] && row[1] === b.gpus[index]![1] && row[2] === b.gpus[index]![2])
  );
}

/** The GPUs of `before` at their places with the values of `now`; those that are gone stay as they were. */
export function held(before: GpuMap, now: GpuMap): GpuMap {
  const keyOf = (map: GpuMap, row: Row) => {
    const [cluster, node] = map.nodes[row[0]]!;
    return `${map.clusters[cluster]!.id} ${node} ${row[1]}`;
  };
  const current = new Map(now.gpus.map((row) => [keyOf(now, row), row]));
  const gpus = before.gpus.map((row): Row => {
    const found = current.get(keyOf(before, row));
    return found ? [row[0], row[1], row[2], found[3], found[4], found[5], found[6], found[7], found[8]] : row;
  });
  return { ...before, gpus };
}
