/** The spans of a trace as a tree, and the rows of it that are shown. */

import { between } from "@/features/observability/traces/duration";
import type { PathSegment, TraceSpan } from "@/generated/api.schemas";

export interface Node {
  span: TraceSpan;
  /** Milliseconds since the beginning of what is shown. */
  start: number;
  depth: number;
  children: Node[];
  /** Spans below it, of all depths. */
  below: number;
  /** Errors below it. */
  errorsBelow: number;
  /** Its parent is named, but is not there: a cluster has not told it, or not kept it. */
  orphan: boolean;
  /** What of the critical path it spent by itself. */
  critical: readonly { start: number; length: number }[];
}

export interface Tree {
  roots: readonly Node[];
  byId: ReadonlyMap<string, Node>;
  /** The first start, as text, and milliseconds until the last end. */
  from: string;
  length: number;
  orphans: number;
}

export function treeOf(spans: readonly TraceSpan[], path: readonly PathSegment[]): Tree {
  const from = spans.reduce(
    (first, { start_time }) => (first === "" || between(first, start_time) < 0 ? start_time : first),
    "",
  );
  const segments = Map.groupBy(path, ({ span_id }) => span_id);
  const byId = new Map<string, Node>();
  for (const span of spans) {
    if (byId.has(span.span_id)) continue;
    const critical = (segments.get(span.span_id) ?? []).map(({ start_time, duration_ms }) => ({
      start: between(from, start_time),
      length: duration_ms,
    }));
    const start = between(from, span.start_time);
    byId.set(span.span_id, { span, start, depth: 0, children: [], below: 0, errorsBelow: 0, orphan: false, critical });
  }
  const roots = joined(byId);
  measure(roots);
  const nodes = [...byId.values()];
  return {
    roots,
    byId,
    from,
    // A trace that took no time still has a width.
    length: nodes.reduce((last, { start, span }) => Math.max(last, start + span.duration_ms), 0.001),
    orphans: nodes.filter(({ orphan }) => orphan).length,
  };
}

/** Children under their parents, by time; returns those that have none. */
function joined(byId: ReadonlyMap<string, Node>): Node[] {
  const roots: Node[] = [];
  for (const node of byId.values()) {
    const { parent_span_id } = node.span;
    const parent = parent_span_id === null ? undefined : byId.get(parent_span_id);
    node.orphan = parent_span_id !== null && parent === undefined;
    (parent?.children ?? roots).push(node);
  }
  const reached = new Set<Node>();
  for (const root of roots) reach(root, reached);
  // What is not reached names each other as parents, in a circle: it is opened where it began first.
  for (const node of byId.values()) {
    if (reached.has(node)) continue;
    const parent = byId.get(node.span.parent_span_id!)!;
    parent.children.splice(parent.children.indexOf(node), 1);
    node.orphan = true;
    roots.push(node);
    reach(node, reached);
  }
  const byStart = (a: Node, b: Node) => a.start - b.start;
  for (const node of byId.values()) node.children = node.children.toSorted(byStart);
  return roots.toSorted((a, b) => Number(a.orphan) - Number(b.orphan) || byStart(a, b));
}

function reach(root: Node, reached: Set<Node>): void {
  const waiting = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    reached.add(node);
    waiting.push(...node.children.filter((child) => !reached.has(child)));
  }
}

/** Deeper than that nobody looks for what is above. */
const MOST_DEPTH = 1_000;

/** Depths and counts, without recursion: chains may be thousands deep. */
function measure(roots: readonly Node[]): void {
  const order: Node[] = [];
  const waiting = [...roots];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    order.push(node);
    for (const child of node.children) {
      child.depth = node.depth + 1;
      waiting.push(child);
    }
  }
  for (const node of order.toReversed()) {
    for (const child of node.children) {
      node.below += child.below + 1;
      node.errorsBelow += child.errorsBelow + (child.span.status === "ERROR" ? 1 : 0);
    }
  }
}

/** The rows from top to bottom, without what is folded away. */
export function rowsOf({ roots }: Tree, folded: ReadonlySet<string>): Node[] {
  const rows: Node[] = [];
  const waiting = roots.toReversed();
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    rows.push(node);
    if (folded.has(node.span.span_id)) continue;
    for (const child of node.children.toReversed()) waiting.push(child);
  }
  return rows;
}

/** The ids of everything above a span. */
export function aboveOf(tree: Tree, id: string): string[] {
  const found: string[] = [];
  for (let at = tree.byId.get(id)?.span.parent_span_id; at && found.length < MOST_DEPTH; ) {
    found.push(at);
    at = tree.byId.get(at)?.span.parent_span_id;
  }
  return found;
}

/** Whether the words stand in the span: in a name, a tag or a log. */
export function mentions({ span }: Node, words: string): boolean {
  const wanted = words.toLowerCase();
  const has = (text: unknown) => String(text).toLowerCase().includes(wanted);
  return (
    has(span.operation_name) ||
    has(span.service_name) ||
    has(span.cluster_name) ||
    has(span.span_id) ||
    Object.entries(span.tags).some(([name, value]) => has(name) || has(value) || has(`${name}=${String(value)}`)) ||
    span.logs.some(({ name, fields }) => has(name) || has(JSON.stringify(fields)))
  );
}

/** Services in the order in which they come, the ones with most spans first. */
export function servicesOf(spans: readonly TraceSpan[]): { name: string; spans: number; errors: number }[] {
  return [...Map.groupBy(spans, ({ service_name }) => service_name)]
    .map(([name, own]) => ({ name, spans: own.length, errors: own.filter(({ status }) => status === "ERROR").length }))
    .toSorted((a, b) => b.spans - a.spans || a.name.localeCompare(b.name));
}
