/** Places services in layers, so that calls go from left to right. */

import type { MapEdge, MapNode } from "@/generated/api.schemas";

export interface Placed {
  node: MapNode;
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Drawn {
  edge: MapEdge;
  /** From box to box; where it passes a layer it goes between the boxes there. */
  points: readonly Point[];
  /** Against the direction of the others: a circle of calls. */
  back: boolean;
}

export interface Layout {
  nodes: readonly Placed[];
  edges: readonly Drawn[];
  width: number;
  height: number;
  box: { width: number; height: number };
  /** Boxes have one line. */
  compact: boolean;
}

interface Sizes {
  box: { width: number; height: number };
  gap: { x: number; y: number };
}

const ROOMY: Sizes = { box: { width: 165, height: 52 }, gap: { x: 125, y: 22 } };
/** For layers of many services: one line each. */
const COMPACT: Sizes = { box: { width: 215, height: 30 }, gap: { x: 125, y: 8 } };
const MANY = 9;
const MARGIN = 16;
/** The height that a passing call has to itself. */
const PASSAGE = 10;
/** Rounds in which neighbours pull each other to their height. */
const ROUNDS = 6;

/** What stands in a layer: a service, or the place where a longer call passes. */
interface Item {
  name: string;
  node?: MapNode;
}

export function layoutOf(nodes: readonly MapNode[], edges: readonly MapEdge[]): Layout {
  const names = new Set(nodes.map(({ name }) => name));
  const known = edges.filter(({ caller, callee }) => names.has(caller) && names.has(callee));
  const back = backEdges(nodes, known);
  const forward = known.filter((edge) => !back.has(edge) && edge.caller !== edge.callee);
  const layers = layersOf(nodes, forward);
  const ways = passages(layers, forward);
  const columns = ordered(layers, ways);
  const compact = columns.some((items) => items.filter(({ node }) => node).length > MANY);
  const { box, gap } = compact ? COMPACT : ROOMY;
  const heightOf = ({ node }: Item) => (node ? box.height : PASSAGE);
  const right = ({ x, y }: Point): Point => ({ x: x + box.width, y });
  const sizes = columns.map((items) => items.reduce((sum, item) => sum + heightOf(item) + gap.y, -gap.y));
  const total = Math.max(box.height, ...sizes);
  const places = new Map<string, Point>();
  for (const [column, items] of columns.entries()) {
    let y = MARGIN + (total - sizes[column]!) / 2;
    for (const item of items) {
      places.set(item.name, { x: MARGIN + column * (box.width + gap.x), y: y + heightOf(item) / 2 });
      y += heightOf(item) + gap.y;
    }
  }
  const through = (edge: MapEdge) => (ways.get(edge) ?? []).slice(1, -1).map((name) => places.get(name)!);
  return {
    nodes: nodes.map((node) => {
      const { x, y } = places.get(node.name)!;
      return { node, x, y: y - box.height / 2 };
    }),
    edges: known.map((edge) => ({
      edge,
      points: [
        right(places.get(edge.caller)!),
        ...through(edge).flatMap((point) => [point, right(point)]),
        places.get(edge.callee)!,
      ],
      back: back.has(edge) || edge.caller === edge.callee,
    })),
    width: 2 * MARGIN + Math.max(1, columns.length) * (box.width + gap.x) - gap.x,
    height: 2 * MARGIN + total,
    box,
    compact,
  };
}

/** The way of each call, layer by layer; adds to the layers the places where calls pass. */
function passages(layers: Item[][], forward: readonly MapEdge[]): ReadonlyMap<MapEdge, readonly string[]> {
  const columns = new Map(layers.flatMap((items, column) => items.map(({ name }) => [name, column] as const)));
  const ways = new Map<MapEdge, string[]>();
  for (const edge of forward) {
    const way = [edge.caller];
    for (let column = columns.get(edge.caller)! + 1; column < columns.get(edge.callee)!; column += 1) {
      const name = `${edge.caller}>${edge.callee}#${column}`;
      layers[column]!.push({ name });
      way.push(name);
    }
    ways.set(edge, [...way, edge.callee]);
  }
  return ways;
}

/** Edges that close a circle, found by walking from those that nobody calls. */
function backEdges(nodes: readonly MapNode[], edges: readonly MapEdge[]): Set<MapEdge> {
  const out = Map.groupBy(edges, ({ caller }) => caller);
  const called = new Set(edges.filter(({ caller, callee }) => caller !== callee).map(({ callee }) => callee));
  const state = new Map<string, "open" | "done">();
  const back = new Set<MapEdge>();
  const walk = (name: string) => {
    state.set(name, "open");
    for (const edge of out.get(name) ?? []) {
      const seen = state.get(edge.callee);
      if (seen === "open") back.add(edge);
      else if (seen === undefined) walk(edge.callee);
    }
    state.set(name, "done");
  };
  const first = nodes.toSorted((a, b) => Number(called.has(a.name)) - Number(called.has(b.name)));
  for (const { name } of first) if (!state.has(name)) walk(name);
  return back;
}

/** Each as far to the right as its longest way of calls is. */
function layersOf(nodes: readonly MapNode[], forward: readonly MapEdge[]): Item[][] {
  const into = Map.groupBy(forward, ({ callee }) => callee);
  const depths = new Map<string, number>();
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const depth = Math.max(0, ...(into.get(name) ?? []).map(({ caller }) => depthOf(caller) + 1));
    depths.set(name, depth);
    return depth;
  };
  const layers: Item[][] = [];
  const busiest = nodes.toSorted((a, b) => b.spans - a.spans);
  for (const node of busiest) (layers[depthOf(node.name)] ??= []).push({ name: node.name, node });
  return layers;
}

/** Within layers by the middle of those they are joined with, so that few lines cross. */
function ordered(layers: readonly Item[][], ways: ReadonlyMap<MapEdge, readonly string[]>): Item[][] {
  const joined = new Map<string, string[]>();
  const join = (a: string, b: string) => joined.set(a, [...(joined.get(a) ?? []), b]);
  for (const way of ways.values()) {
    for (const [at, name] of way.slice(1).entries()) {
      join(name, way[at]!);
      join(way[at]!, name);
    }
  }
  let now = layers.map((layer) => [...layer]);
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows = new Map(
      now.flatMap((layer) => layer.map(({ name }, row) => [name, (row + 0.5) / layer.length] as const)),
    );
    const middle = ({ name }: Item) => {
      const others = (joined.get(name) ?? []).map((each) => rows.get(each)!);
      return others.length === 0 ? rows.get(name)! : others.reduce((sum, each) => sum + each, 0) / others.length;
    };
    now = now.map((layer) => layer.toSorted((a, b) => middle(a) - middle(b)));
  }
  return now;
}
