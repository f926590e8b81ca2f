/** Where each GPU of the map stands: groups as blocks in columns, in them nodes, in them cells. Pure geometry. */

import type { Group } from "@/features/gpu/map/fleet";

export interface Label {
  name: string;
  gpus: number;
  x: number;
  y: number;
  width: number;
}

export interface Layout {
  /** From one cell to the next, in pixels; a cell itself is one less. */
  pitch: number;
  width: number;
  height: number;
  /** Of each row of the map. */
  x: Float32Array;
  y: Float32Array;
  /** Rows of the map as they are passed from left to right and down, group by group. */
  order: readonly number[];
  /** The place of each row of the map in `order`. */
  rank: Int32Array;
  labels: readonly Label[];
}

/** The largest that fits is taken. */
const PITCHES = [26, 22, 18, 15, 12, 10, 8];
const HEAD = 22;
const GAP = 14;
/** No column is narrower, so that names can be read. */
const LEAST_COLUMN = 116;

/** In equal columns, as many as need the least height. `height`: not higher than that, if it can be had. */
export function layOut(groups: readonly Group[], cells: number, width: number, height: number): Layout {
  let best: Layout | undefined;
  for (const pitch of PITCHES) {
    best = lowest(groups, cells, width, pitch);
    if (best.height <= height) break;
  }
  return best!;
}

function lowest(groups: readonly Group[], cells: number, width: number, pitch: number): Layout {
  const most = Math.max(1, Math.min(groups.length, Math.floor((width + GAP) / (LEAST_COLUMN + GAP))));
  const tried = Array.from({ length: most }, (_, more) => {
    const column = (width - more * GAP) / (more + 1);
    return { column, height: heightOf(groups, more + 1, column, pitch) };
  });
  const { column } = tried.reduce((low, each) => (each.height < low.height ? each : low));
  return withColumns(groups, cells, width, column, pitch);
}

/** How high it is in so many columns, found by counting lines. */
function heightOf(groups: readonly Group[], columns: number, column: number, pitch: number): number {
  const head = headOf(groups);
  let height = 0;
  for (let first = 0; first < groups.length; first += columns) {
    const lines = groups.slice(first, first + columns).map(({ nodes }) => linesOf(nodes, column, pitch));
    height += head + Math.max(...lines) * pitch + (first > 0 ? GAP : 0);
  }
  return height;
}

function linesOf(nodes: Group["nodes"], column: number, pitch: number): number {
  const steps = stepper(column, pitch);
  for (const node of nodes) {
    steps.begin(node.length);
    for (let cell = 0; cell < node.length; cell += 1) steps.next();
  }
  return steps.lines();
}

/** Goes from cell to cell: a node begins in a new line if it does not fit, and goes on in one if it is longer. */
function stepper(column: number, pitch: number) {
  let across = 0;
  let line = 0;
  const wrap = (length: number) => {
    if (across === 0 || across + length <= column) return;
    across = 0;
    line += 1;
  };
  return {
    begin(cells: number): void {
      if (across > 0) across += betweenNodes(pitch);
      wrap(cells * pitch);
    },
    next(): readonly [across: number, line: number] {
      wrap(pitch);
      across += pitch;
      return [across - pitch, line];
    },
    lines: () => line + 1,
  };
}

const headOf = (groups: readonly Group[]) => (groups.some(({ name }) => name !== "") ? HEAD : 0);
const betweenNodes = (pitch: number) => Math.max(2, Math.round(pitch / 4));

function withColumns(groups: readonly Group[], cells: number, width: number, column: number, pitch: number): Layout {
  const x = new Float32Array(cells);
  const y = new Float32Array(cells);
  const rank = new Int32Array(cells);
  const order: number[] = [];
  const labels: Label[] = [];
  const columns = Math.round((width + GAP) / (column + GAP));
  const head = headOf(groups);
  let top = 0;
  let below = 0;
  for (const [place, { name, gpus, nodes }] of groups.entries()) {
    if (place > 0 && place % columns === 0) top = below + GAP;
    const left = Math.round((place % columns) * (column + GAP));
    labels.push({ name, gpus, x: left, y: top, width: column });
    const steps = stepper(column, pitch);
    for (const node of nodes) {
      steps.begin(node.length);
      for (const cell of node) {
        const [across, line] = steps.next();
        x[cell] = left + across;
        y[cell] = top + head + line * pitch;
        rank[cell] = order.length;
        order.push(cell);
      }
    }
    below = Math.max(below, top + head + steps.lines() * pitch);
  }
  return { pitch, width, height: below, x, y, order, rank, labels };
}

/** The row of the map at a point; undefined between cells. */
export function hit({ x, y, pitch }: Layout, atX: number, atY: number): number | undefined {
  for (let cell = 0; cell < x.length; cell += 1) {
    const right = atX - x[cell]!;
    const down = atY - y[cell]!;
    if (right >= 0 && right < pitch && down >= 0 && down < pitch) return cell;
  }
  return undefined;
}

/** Where an arrow key, Home or End leads from a cell; undefined for other keys. */
export function moved(layout: Layout, from: number, key: string): number | undefined {
  const { order, rank } = layout;
  const last = order.length - 1;
  switch (key) {
    case "ArrowRight":
      return order[Math.min(last, rank[from]! + 1)];
    case "ArrowLeft":
      return order[Math.max(0, rank[from]! - 1)];
    case "Home":
      return order[0];
    case "End":
      return order[last];
    case "ArrowDown":
      return beyond(layout, from, 1);
    case "ArrowUp":
      return beyond(layout, from, -1);
    default:
      return undefined;
  }
}

/** The nearest in the next line of cells. */
function beyond({ x, y }: Layout, from: number, direction: 1 | -1): number {
  let best = from;
  let line = Number.POSITIVE_INFINITY;
  let aside = Number.POSITIVE_INFINITY;
  for (let cell = 0; cell < x.length; cell += 1) {
    const down = (y[cell]! - y[from]!) * direction;
    if (down <= 0 || down > line) continue;
    const off = Math.abs(x[cell]! - x[from]!);
    if (down === line && off >= aside) continue;
    best = cell;
    line = down;
    aside = off;
  }
  return best;
}
