/** An incident's time as a scale: from where to where, what happened when, and what to say of an instant. */

import { STEPS } from "@/features/incidents/detail/shape";
import { lastingInWords } from "@/features/incidents/shared/words";
import { movedInWords, sumOf } from "@/features/incidents/detail/lines";
import type { IncidentDetail, TimelineEntry } from "@/generated/api.schemas";
import { lasting } from "@/lib/time";

/** What a mark on the scale is of; those that come first hide others at the same place. */
export const TICKS = ["opened", "people", "analysis", "came", "ended"] as const;
export type TickKind = (typeof TICKS)[number];

export interface Tick {
  kind: TickKind;
  /** Between 0 and 1. */
  place: number;
}

export interface Scale {
  start: number;
  end: number;
  /** By how much an arrow key moves. */
  step: number;
  /** It ends now, as the incident does not. */
  isOpen: boolean;
}

const LEAST_LEAD_MS = 30_000;
/** Marks are at most so many: more could not be told apart. */
const PLACES = 160;

const at = (entry: Pick<TimelineEntry, "at">): number => Date.parse(entry.at);

type Ends = Pick<IncidentDetail, "opened_at" | "resolved_at" | "state" | "merged_into">;

/**
 * From shortly before the hub knew of it to its end, or until `now`; `entries`: newest first. What it began with
 * may be older by far, but as of then nothing is known of it. `isCut`: older entries were not read.
 */
export function scaleOf(incident: Ends, entries: readonly TimelineEntry[], now: number, isCut = false): Scale {
  const { opened_at, resolved_at, state, merged_into } = incident;
  const isOpen = state !== "RESOLVED" && merged_into === null;
  const opened = Math.min(...entries.slice(-1).map(at), ...(isCut || entries.length === 0 ? [Date.parse(opened_at)] : []));
  const last = Math.max(opened, ...entries.slice(0, 1).map(at), resolved_at === null ? 0 : Date.parse(resolved_at));
  // Of what happened last one sees how it is afterwards.
  const end = isOpen ? Math.max(now, last) : Math.min(Math.max(now, last), last + 1_000);
  const start = opened - Math.max(LEAST_LEAD_MS, (end - opened) / 20);
  const step = STEPS.find((each) => each >= (end - start) / 200) ?? STEPS.at(-1)!;
  return { start, end, step, isOpen };
}

const PEOPLE = new Set(["INCIDENT_ACKNOWLEDGED", "INCIDENT_RESOLVED", "INCIDENT_MERGED", "INCIDENT_SPLIT"]);

function kindOf({ event_type, added, resumed }: TimelineEntry): TickKind {
  if (event_type === "INCIDENT_OPENED" || event_type === "INCIDENT_REOPENED") return "opened";
  if (PEOPLE.has(event_type)) return "people";
  return added + (resumed ?? 0) > 0 ? "came" : "ended";
}

/** What happened when, in marks; `analyses`: when a cause was looked for. */
export function ticksOf(entries: readonly TimelineEntry[], analyses: readonly string[], { start, end }: Pick<Scale, "start" | "end">): Tick[] {
  const found = new Map<number, TickKind>();
  const mark = (when: number, kind: TickKind) => {
    const place = Math.round(((when - start) / Math.max(1, end - start)) * PLACES);
    if (place < 0 || place > PLACES) return;
    const before = found.get(place);
    if (before === undefined || TICKS.indexOf(kind) < TICKS.indexOf(before)) found.set(place, kind);
  };
  for (const entry of entries) mark(at(entry), kindOf(entry));
  for (const analysed of analyses) mark(Date.parse(analysed), "analysis");
  return [...found].toSorted(([a], [b]) => a - b).map(([place, kind]) => ({ kind, place: place / PLACES }));
}

/** The instant just after the next thing that happened, or after the one before; undefined: there is none. */
export function nextMoment(entries: readonly TimelineEntry[], from: number, way: "forth" | "back"): number | undefined {
  // The log's times are cut to milliseconds here: one later it has surely happened.
  const moments = entries.map((entry) => at(entry) + 1);
  return way === "forth" ? moments.findLast((each) => each > from) : moments.find((each) => each < from);
}

/** `12 min after the hub knew of it; 40 signals, 30 last; 2 signals joined 5 s before`; `isCut`: older entries were not read. */
export function instantInWords(entries: readonly TimelineEntry[], instant: number, isCut: boolean): string {
  const first = entries.at(-1);
  const latest = entries.find((entry) => at(entry) <= instant);
  if (first === undefined) return "";
  if (latest === undefined) {
    return isCut ? "before what is read of its timeline" : `${lasting(at(first) - instant)} before the hub knew of it`;
  }
  const since = isCut ? "" : instant - at(first) < 1_000 ? "just known" : `${lasting(instant - at(first))} after the hub knew of it`;
  const { signals, lasting: last } = latest;
  const many = signals === null || last === null ? "" : lastingInWords(signals, last);
  const age = instant - at(latest);
  const moved = latest.event_type === "INCIDENT_UPDATED" ? `${movedInWords(sumOf([latest]))} ${age < 1_000 ? "just then" : `${lasting(age)} before`}` : "";
  return [since, many, moved].filter(Boolean).join("; ");
}
