/** What the claims of an answer rest on, numbered as it is met. */

import type { Evidence } from "@/features/chat/shared/types";
import { toolTitle } from "@/features/chat/shared/words";
import type { ChatMessageView, Claim, ToolCallView } from "@/generated/api.schemas";
import type { Place } from "@/lib/place";

export interface Numbered extends Evidence {
  number: number;
}

/** A thing of the fleet that a claim names, and its page. */
export interface Thing extends Place {
  kind: string;
  id: string;
}

export interface Cited {
  /** Offsets count as JavaScript counts. */
  claims: { from: number; to: number; claim: Claim; evidence: Numbered[]; things: Thing[] }[];
  /** Each once. */
  evidence: Numbered[];
}

export function citedIn({ content, claims }: Pick<ChatMessageView, "content" | "claims">): Cited {
  const at = unitsOf(content);
  const known = new Map<string, Numbered>();
  const number = (each: Evidence): Numbered => {
    const key = [each.kind, each.call_id, each.sequence, each.label].join("\n");
    const before = known.get(key);
    if (before !== undefined) return before;
    const made = { ...each, number: known.size + 1 };
    known.set(key, made);
    return made;
  };
  const cited = claims
    .toSorted((a, b) => a.start - b.start)
    .map((claim) => {
      const all = claim.evidence ?? [];
      // The best first, as the hub says it.
      const evidence = [...new Set(all.map(number))];
      return { from: at(claim.start), to: at(claim.end), claim, evidence, things: all.flatMap((each) => thingOf(each) ?? []) };
    });
  return { claims: cited.filter(({ from, to }, place) => to > from && from >= (cited[place - 1]?.to ?? 0)), evidence: [...known.values()] };
}

const THINGS: Readonly<Record<string, (id: string) => Thing>> = {
  incidents: (id) => ({ kind: "incident", id, to: `/incidents/${id}` }),
  alerts: (id) => ({ kind: "alert", id, to: "/alerts", search: { alert: id } }),
  anomalies: (id) => ({ kind: "anomaly", id, to: `/anomalies/${id}` }),
  clusters: (id) => ({ kind: "cluster", id, to: `/clusters/${id}` }),
};

/** What the API has an address for, if it has a page. */
export function thingOf({ link }: Pick<Evidence, "link">): Thing | undefined {
  const [, kind, id] = /^\/api\/v1\/([a-z]+)\/([\w-]+)$/.exec(link ?? "") ?? [];
  return kind === undefined || id === undefined ? undefined : THINGS[kind]?.(id);
}

/** The hub counts characters; JavaScript counts those beyond the first plane twice. */
function unitsOf(text: string): (characters: number) => number {
  if (!/[\ud800-\udbff]/.test(text)) return (characters) => Math.min(characters, text.length);
  const starts: number[] = [];
  let at = 0;
  for (const character of text) {
    starts.push(at);
    at += character.length;
  }
  return (characters) => starts[characters] ?? text.length;
}

const LANGUAGES: Readonly<Record<string, "metrics" | "logs" | "traces">> = {
  query_metrics: "metrics",
  detect_anomalies: "metrics",
  query_logs: "logs",
  search_traces: "traces",
};

/** What it is, in words. */
export function nameOf({ kind, label, sequence }: Evidence): string {
  if (kind === "TOOL") return toolTitle(label);
  return kind === "EVENT" && sequence != null ? `${label}, event ${sequence}` : label;
}

/** The page where it can be looked at; undefined where that is the call itself. */
export function placeOf(evidence: Evidence, calls: ReadonlyMap<string, ToolCallView>): Place | undefined {
  if (evidence.kind === "EVENT" && evidence.sequence != null) return { to: "/events", search: { event: evidence.sequence } };
  const call = evidence.call_id == null ? undefined : calls.get(evidence.call_id);
  return evidence.kind === "QUERY" && call !== undefined ? queryPlace(call) : undefined;
}

/** Where the query of a call can be asked again, of its clusters and over its time. */
export function queryPlace(call: ToolCallView): Place | undefined {
  const page = LANGUAGES[call.tool];
  const { query, traceql, cluster_ids, start_time, end_time } = call.arguments;
  const asked = page === "traces" ? traceql : query;
  if (page === undefined || typeof asked !== "string") return undefined;
  const clusters = Array.isArray(cluster_ids) && cluster_ids.length > 0 ? cluster_ids : undefined;
  const times = typeof start_time === "string" ? { from: start_time, to: typeof end_time === "string" ? end_time : "now" } : {};
  return { to: `/observability/${page}`, search: { query: page === "metrics" ? [asked] : asked, clusters, ...times } };
}

export function callsOf({ steps }: Pick<ChatMessageView, "steps">): Map<string, ToolCallView> {
  return new Map(steps.flatMap(({ calls }) => calls.map((call) => [call.id, call] as const)));
}
