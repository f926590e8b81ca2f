/** The GPUs of the fleet as a picture: which cell each is, and how it is drawn. Pure. */

import type { GpuMap } from "@/generated/api.schemas";

export type Row = GpuMap["gpus"][number];

/** By use, from none to all of it; `unknown`: not told, or its node is not sampled any more. */
export type Shade = 0 | 1 | 2 | 3 | 4 | "unknown";
export const SHADES = [0, 1, 2, 3, 4] as const;
/** Where each but the first begins, in per cent. */
const BOUNDS = [5, 25, 50, 75] as const;
export const SHADE_NAMES = ["< 5 %", "5–25 %", "25–50 %", "50–75 %", "≥ 75 %"] as const;

export type Mark = "lost" | "error" | "raised";
export const MARKS: readonly Mark[] = ["lost", "error", "raised"];
const BITS: Readonly<Record<Mark, number>> = { raised: 1, lost: 2, error: 16 };

export function shadeOf(map: GpuMap, row: Row): Shade {
  const busy = row[3];
  if (busy === null || map.nodes[row[0]]![3]) return "unknown";
  const above = BOUNDS.findLastIndex((bound) => busy >= bound);
  return (above + 1) as Shade;
}

/** The worst that is to be said of a GPU. */
export const markOf = (row: Row): Mark | undefined => MARKS.find((mark) => (row[8] & BITS[mark]) !== 0);

export interface Block {
  /** Undefined where all are in one. */
  cluster: { id: string; name: string } | undefined;
  gpus: readonly Row[];
  /** Cells of a line. */
  columns: number;
}

/** So many clusters have a block each with their name; more are one picture. */
const NAMED = 24;
const LEAST = 60;
/** One picture is about so much wider than it is high. */
const SHAPE = 5;

/** In the order of the hub, so that nothing moves as values change. */
export function blocksOf(map: GpuMap): Block[] {
  const { clusters, nodes, gpus } = map;
  if (clusters.length > NAMED) {
    const columns = Math.min(gpus.length, Math.max(LEAST, Math.ceil(Math.sqrt(gpus.length * SHAPE))));
    return [{ cluster: undefined, gpus, columns }];
  }
  const groups = Map.groupBy(gpus, ([node]) => nodes[node]![0]);
  return [...groups].map(([cluster, those]) => ({
    cluster: clusters[cluster]!,
    gpus: those,
    columns: Math.min(those.length, Math.max(8, Math.ceil(Math.sqrt(those.length * 3)))),
  }));
}

/** In units of the picture: a cell and the space after it. */
export const PITCH = 10;
const CELL = 9;

/** The outline of the cells at these places. */
export function cellsPath(places: readonly number[], columns: number): string {
  return places
    .map((place) => `M${(place % columns) * PITCH} ${Math.floor(place / columns) * PITCH}h${CELL}v${CELL}h-${CELL}z`)
    .join("");
}

/** A cross in each of these cells. */
export function crossesPath(places: readonly number[], columns: number): string {
  return places
    .map((place) => {
      const [x, y] = [(place % columns) * PITCH + 2, Math.floor(place / columns) * PITCH + 2];
      return `M${x} ${y}l5 5m0-5l-5 5`;
    })
    .join("");
}

/** The GPU at a point, from 0 to 1 in both directions; undefined where there is none. */
export function rowAt({ gpus, columns }: Block, across: number, down: number): Row | undefined {
  const lines = Math.ceil(gpus.length / columns);
  const column = Math.floor(across * columns);
  const line = Math.floor(down * lines);
  if (column < 0 || column >= columns || line < 0 || line >= lines) return undefined;
  return gpus[line * columns + column];
}

/** Both have the same GPUs at the same places. */
export const sameGpus = (a: GpuMap, b: GpuMap): boolean =>
  a === b ||
  (a.gpus.length === b.gpus.length &&
    a.nodes.length === b.nodes.length &&
    a.nodes.every(([cluster, name], at) => name === b.nodes[at]![1] && a.clusters[cluster]!.id === b.clusters[b.nodes[at]![0]]!.id) &&
    a.gpus.every(([node, index], at) => node === b.gpus[at]![0] && index === b.gpus[at]![1]));
