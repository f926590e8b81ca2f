/** What an analysis says of causes and effects, as a graph: the entities, and what leads from one to another. */

import type { RcaCause, RcaEdge, RcaEdgeKind, RcaEntity, RcaMoment, RcaView } from "@/generated/api.schemas";

/** More are no picture any more. */
export const MOST_NODES = 40;

export interface GraphNode {
  key: string;
  entity: RcaEntity;
  /** Taken for a cause, the most likely first; undefined: it is not among them. */
  rank: number | undefined;
  cause: RcaCause | undefined;
  /** What happened to it, in the order of time. */
  moments: readonly RcaMoment[];
}

/** All that leads from one entity to another. */
export interface GraphEdge {
  from: string;
  to: string;
  /** The surest first; drawn is the first. */
  kinds: readonly [RcaEdgeKind, ...RcaEdgeKind[]];
  /** The greatest, between 0 and 1. */
  weight: number;
}

export interface Graph {
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  /** The edges that say most: the others are drawn where somebody points. */
  main: readonly GraphEdge[];
  /** Entities that are not among the nodes. */
  left: number;
}

/** That lead to one entity and are drawn without being asked for. */
const MOST_INTO = 2;
const SURENESS: readonly RcaEdgeKind[] = ["TEMPORAL", "CORRELATION", "CALLS", "TOPOLOGY"];

export const keyOf = ({ cluster_id, place }: RcaEntity): string => `${cluster_id}/${place}`;

type Told = Pick<RcaView, "causes" | "edges" | "timeline" | "is_known">;

/** The causes and what is joined to them, near ones first, at most `most` of them. */
export function graphOf({ causes, edges = [], timeline = [] }: Told, most = MOST_NODES): Graph {
  const joined = together(edges);
  const entities = new Map<string, RcaEntity>();
  for (const { source, target } of edges) entities.set(keyOf(source), source).set(keyOf(target), target);
  // A candidate that nothing leads to or from stands in the list of causes already; the first belongs to the picture.
  const first = causes[0]?.entity;
  if (first !== undefined && entities.size > 0) entities.set(keyOf(first), first);
  const ranks = new Map(causes.map(({ entity }, rank) => [keyOf(entity), rank]));
  const moments = Map.groupBy(timeline, ({ entity }) => keyOf(entity));
  const order = nearFirst([...entities.keys()], joined, ranks);
  const kept = new Set(order.slice(0, most));
  const within = joined.filter(({ from, to }) => kept.has(from) && kept.has(to));
  return {
    nodes: [...kept].map((key) => {
      const rank = ranks.get(key);
      return {
        key,
        entity: entities.get(key)!,
        rank,
        cause: rank === undefined ? undefined : causes[rank],
        moments: (moments.get(key) ?? []).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)),
      };
    }),
    edges: within,
    main: mainOf(within),
    left: order.length - kept.size,
  };
}

/** One edge for each pair, whatever is said of it; nothing leads to itself. */
function together(edges: readonly RcaEdge[]): GraphEdge[] {
  const pairs = Map.groupBy(edges, ({ source, target }) => `${keyOf(source)}\n${keyOf(target)}`);
  return [...pairs.values()].flatMap((same) => {
    const from = keyOf(same[0]!.source);
    const to = keyOf(same[0]!.target);
    if (from === to) return [];
    const kinds = SURENESS.filter((kind) => same.some((edge) => edge.kind === kind)) as [RcaEdgeKind, ...RcaEdgeKind[]];
    // That one calls the other is always sure, and says nothing of how likely it led to anything.
    const told = same.filter(({ kind }) => kind !== "CALLS");
    return [{ from, to, kinds, weight: Math.max(...(told.length > 0 ? told : same).map(({ weight }) => weight)) }];
  });
}

/**
 * For each entity what explains it best. In a storm nearly everything may have led to everything: where a node
 * explains its pods, that one of them may have led to another is no news.
 */
function mainOf(edges: readonly GraphEdge[]): GraphEdge[] {
  const causal = edges.filter(isCausal);
  const said = new Set<string>();
  const best = [...Map.groupBy(bySureness(causal), ({ to }) => to).values()].flatMap((into) => {
    const most = Math.max(...into.map(({ weight }) => weight));
    return into.filter(({ weight }) => weight === most).slice(0, MOST_INTO);
  });
  // Of two that point at each other the surer one is enough.
  const oneWay = bySureness(best).filter(({ from, to }) => {
    said.add(`${from}\n${to}`);
    return !said.has(`${to}\n${from}`);
  });
  return [...oneWay, ...edges.filter((edge) => !isCausal(edge))];
}

/** It says that one may have led to the other, and not merely how the two are joined. */
export const isCausal = ({ kinds }: Pick<GraphEdge, "kinds">): boolean => kinds[0] === "TEMPORAL" || kinds[0] === "CORRELATION";

/** From the likeliest cause outwards, along the surest edges first; what is not joined to it comes last. */
function nearFirst(keys: readonly string[], edges: readonly GraphEdge[], ranks: ReadonlyMap<string, number>): string[] {
  const next = new Map<string, string[]>();
  const lead = (from: string, to: string) => next.set(from, [...(next.get(from) ?? []), to]);
  for (const { from, to } of bySureness(edges)) {
    lead(from, to);
    lead(to, from);
  }
  const rankOf = (key: string) => ranks.get(key) ?? Number.POSITIVE_INFINITY;
  const starts = keys.toSorted((a, b) => (rankOf(a) === rankOf(b) ? 0 : rankOf(a) - rankOf(b)));
  const seen = new Set<string>();
  for (const start of starts) {
    // What is added while it is walked is walked, too.
    const reached = new Set([start]);
    for (const key of reached) {
      if (seen.has(key)) continue;
      seen.add(key);
      for (const other of next.get(key) ?? []) reached.add(other);
    }
  }
  return [...seen];
}

/** What is said of causes before what is merely a part of what, then by weight. */
export function bySureness<Edge extends Pick<GraphEdge, "kinds" | "weight">>(edges: readonly Edge[]): Edge[] {
  const place = ({ kinds }: Edge) => SURENESS.indexOf(kinds[0]);
  return edges.toSorted((a, b) => place(a) - place(b) || b.weight - a.weight);
}
