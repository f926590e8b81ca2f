/** Places a graph in layers, from left to right, so that what leads on points to the right. */

export interface Link {
  from: string;
  to: string;
}

export interface Spot {
  key: string;
  column: number;
  /** Of its upper left corner, in pixels. */
  x: number;
  y: number;
}

export interface Layout<Edge extends Link> {
  spots: readonly Spot[];
  /** `back`: it would close a circle, and points to the left. */
  edges: readonly { edge: Edge; back: boolean }[];
  width: number;
  height: number;
}

export const BOX = { width: 176, height: 46 };
const GAP = { x: 56, y: 12 };
const MARGIN = 12;
/** Times that it is gone through, there and back. */
const ROUNDS = 3;

/** `edges`: those that matter most first, as a circle is broken at the one that comes last. */
export function layoutOf<Edge extends Link>(keys: readonly string[], edges: readonly Edge[]): Layout<Edge> {
  const { forward, back } = withoutCircles(edges);
  const columns = ordered(layersOf(keys, forward), forward);
  const most = Math.max(1, ...columns.map(({ length }) => length));
  const high = (many: number) => many * (BOX.height + GAP.y) - GAP.y;
  const spots = columns.flatMap((column, at) =>
    column.map((key, row) => ({
      key,
      column: at,
      x: MARGIN + at * (BOX.width + GAP.x),
      y: MARGIN + (high(most) - high(column.length)) / 2 + row * (BOX.height + GAP.y),
    })),
  );
  return {
    spots,
    edges: edges.map((edge) => ({ edge, back: back.has(edge) })),
    width: 2 * MARGIN + Math.max(1, columns.length) * (BOX.width + GAP.x) - GAP.x,
    height: 2 * MARGIN + high(most),
  };
}

/** One after the other: an edge whose beginning can be reached from its end would close a circle. */
function withoutCircles<Edge extends Link>(edges: readonly Edge[]): { forward: Edge[]; back: ReadonlySet<Edge> } {
  const forward: Edge[] = [];
  const back = new Set<Edge>();
  const next = new Map<string, string[]>();
  const reaches = (from: string, wanted: string): boolean => {
    const reached = new Set([from]);
    for (const key of reached) for (const to of next.get(key) ?? []) reached.add(to);
    return reached.has(wanted);
  };
  for (const edge of edges) {
    if (reaches(edge.to, edge.from)) {
      back.add(edge);
      continue;
    }
    forward.push(edge);
    next.set(edge.from, [...(next.get(edge.from) ?? []), edge.to]);
  }
  return { forward, back };
}

/** Each as far to the right as its longest way from where nothing leads to. */
export function layersOf(keys: readonly string[], forward: readonly Link[]): string[][] {
  const into = Map.groupBy(forward, ({ to }) => to);
  const depths = new Map<string, number>();
  const depthOf = (key: string): number => {
    const known = depths.get(key);
    if (known !== undefined) return known;
    const depth = Math.max(0, ...(into.get(key) ?? []).map(({ from }) => depthOf(from) + 1));
    depths.set(key, depth);
    return depth;
  };
  const layers: string[][] = [];
  for (const key of keys) (layers[depthOf(key)] ??= []).push(key);
  return layers;
}

/**
 * Within layers by the barycentre of those that each is joined with, so that few lines cross: from left to
 * right by what leads there, then back by what it leads to. One layer after the other, as two that
 * move at once may change places for ever.
 */
function ordered(layers: readonly string[][], forward: readonly Link[]): string[][] {
  const into = Map.groupBy(forward, ({ to }) => to);
  const out = Map.groupBy(forward, ({ from }) => from);
  const rows = new Map<string, number>();
  const note = (layer: readonly string[]) => layer.forEach((key, row) => rows.set(key, (row + 0.5) / layer.length));
  const now = layers.map((layer) => [...layer]);
  now.forEach(note);
  const middle = (key: string, others: readonly string[] = []) =>
    others.length === 0 ? rows.get(key)! : others.reduce((sum, each) => sum + rows.get(each)!, 0) / others.length;
  const settle = (at: number, othersOf: (key: string) => readonly string[] | undefined) => {
    now[at] = now[at]!.toSorted((a, b) => middle(a, othersOf(a)) - middle(b, othersOf(b)));
    note(now[at]);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let at = 1; at < now.length; at += 1) settle(at, (key) => into.get(key)?.map(({ from }) => from));
    for (let at = now.length - 2; at >= 0; at -= 1) settle(at, (key) => out.get(key)?.map(({ to }) => to));
  }
  return now;
}
