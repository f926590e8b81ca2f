/** The graph of causes in words. */

import { isCausal, type GraphEdge, type GraphNode } from "@/features/incidents/detail/graph/graph";
import type { RcaEdgeKind } from "@/generated/api.schemas";
import { placeInWords } from "@/lib/format";

/** What an edge says of its beginning and its end. */
export const LEADS: Readonly<Record<RcaEdgeKind, string>> = {
  TEMPORAL: "was there first and may have led to",
  CORRELATION: "may have led to, but was told of later",
  CALLS: "is called by",
  TOPOLOGY: "holds",
};

/** The same beside a line of the legend. */
export const LEGEND: Readonly<Record<RcaEdgeKind, string>> = {
  TEMPORAL: "was there first, may have led to",
  CORRELATION: "may have led to, told of later",
  CALLS: "is called by the other",
  TOPOLOGY: "the other runs on it or is a part of it",
};

/** `node/worker-3` as `node` and `worker-3`; what is no more than a kind is its name. */
export function placeParts(place: string): { kind: string; name: string } {
  const at = place.indexOf("/");
  return at < 0 ? { kind: "", name: place } : { kind: place.slice(0, at), name: place.slice(at + 1) };
}

/** `the cause, node, 91 %`, `candidate 2`; empty for what is none. */
export function standingOf({ rank, cause }: GraphNode, isKnown: boolean): string {
  if (rank === undefined || cause === undefined) return "";
  const sure = `${Math.round(cause.score * 100)} %`;
  if (rank > 0) return `candidate ${rank + 1}, ${sure}`;
  return `${isKnown ? "the cause" : "best guess"}, ${sure}`;
}

/** One sentence for an edge: `node worker-3 was there first and may have led to workload shop/cart (80 %).` */
export function sentenceOf(edge: GraphEdge, from: GraphNode, to: GraphNode): string {
  const { kinds, weight } = edge;
  const said = kinds.map((kind) => LEADS[kind]).join(", and ");
  const share = isCausal(edge) ? ` (${Math.round(weight * 100)} %)` : "";
  return `${placeInWords(from.entity.place)} ${said} ${placeInWords(to.entity.place)}${share}`;
}
