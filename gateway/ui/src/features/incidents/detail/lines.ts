/** The timeline in lines: what people did one by one, what came in a storm minute by minute. */

import { sentenceInWords } from "@/components/causes/sentence";
import { doer, isHub } from "@/features/incidents/shared/words";
import type { TimelineEntry } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";

export interface Line {
  /** Of its newest entry. */
  id: number;
  /** Newest first; more than one are of one minute. */
  entries: readonly TimelineEntry[];
}

const minuteOf = ({ at }: TimelineEntry) => Math.floor(Date.parse(at) / 60_000);

/** Neighbours that only say that signals came and went, and are of one minute, are one line. */
export function linesOf(entries: readonly TimelineEntry[]): Line[] {
  const lines: TimelineEntry[][] = [];
  for (const entry of entries) {
    const last = lines.at(-1)?.at(-1);
    const together =
      last?.event_type === "INCIDENT_UPDATED" &&
      entry.event_type === "INCIDENT_UPDATED" &&
      minuteOf(last) === minuteOf(entry);
    if (together) lines.at(-1)!.push(entry);
    else lines.push([entry]);
  }
  return lines.map((each) => ({ id: each[0]!.sequence, entries: each }));
}

export interface Moved {
  added: number;
  ended: number;
  resumed: number;
}

/** What came and went in all of them. */
export function sumOf(entries: readonly TimelineEntry[]): Moved {
  const sum = (of: (entry: TimelineEntry) => number | null) => entries.reduce((all, entry) => all + (of(entry) ?? 0), 0);
  return { added: sum(({ added }) => added), ended: sum(({ ended }) => ended), resumed: sum(({ resumed }) => resumed) };
}

/** `12 signals joined, 3 ended`. */
export function movedInWords({ added, ended, resumed }: Moved): string {
  const parts = [
    added > 0 ? `${plural(added, "signal")} joined` : "",
    ended > 0 ? `${added > 0 ? count(ended) : plural(ended, "signal")} ended` : "",
    resumed > 0 ? `${added + ended > 0 ? count(resumed) : plural(resumed, "signal")} came back` : "",
  ];
  return parts.filter(Boolean).join(", ") || "Something changed";
}

/** What happened, in few words. `isFirst`: nothing was before it. */
export function saidOf(entry: TimelineEntry, incident: string | null, isFirst: boolean): string {
  const { event_type, actor, added, moved, other_id } = entry;
  const who = doer(actor);
  switch (event_type) {
    case "INCIDENT_OPENED":
      return added > 1 ? `Opened with ${plural(added, "signal")}` : "Opened";
    case "INCIDENT_ACKNOWLEDGED":
      return `Acknowledged by ${isHub(actor) ? "the hub" : who}`;
    case "INCIDENT_RESOLVED":
      return isHub(actor) ? "Resolved by itself" : `Resolved by ${who}`;
    case "INCIDENT_REOPENED":
      return isHub(actor) ? "Open again" : `Reopened by ${who}`;
    case "INCIDENT_MERGED":
      if (other_id !== null && other_id === incident) return `${isHub(actor) ? "Ended" : `${who} made it end`} in another incident`;
      return `${isHub(actor) ? "Merged" : `${who} merged it`} with another incident`;
    case "INCIDENT_SPLIT":
      if (moved === null) return "Split";
      return isFirst ? `Split off by ${who} with ${plural(moved, "signal")}` : `${plural(moved, "signal")} split off by ${who}`;
    default:
      return movedInWords(sumOf([entry]));
  }
}

const COUNTED = /^\d+ (?:have ended|are there again)$/;
const JOINED = /^\d+ joined: /;

/** Why, without the numbers that stand beside it anyway, and without codes; empty where nothing is left. */
export function whyOf({ event_type, actor, reason }: TimelineEntry): string {
  if (reason === null) return "";
  // What people write stays as they have written it.
  const inWords = isHub(actor) ? sentenceInWords : String;
  if (event_type !== "INCIDENT_UPDATED") return inWords(reason);
  return reason
    .split("; ")
    .filter((part) => !COUNTED.test(part))
    .map((part) => inWords(part.replace(JOINED, "")))
    .join("; ");
}

/** The reasons of all of them, each once, and how many there are beside the first. */
export function whyOfAll(entries: readonly TimelineEntry[]): { first: string; others: number } {
  const reasons = [...new Set(entries.map(whyOf).filter(Boolean))];
  return { first: reasons[0] ?? "", others: Math.max(0, reasons.length - 1) };
}
