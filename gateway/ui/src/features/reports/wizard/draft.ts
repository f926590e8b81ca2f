/** What was chosen and typed for a new report, what is wrong with it, and what the hub is asked. */

import { TYPES } from "@/features/reports/shared/words";
import type { Recurring, ReportFormat, ReportRequest, ReportType } from "@/generated/api.schemas";
import { readCron } from "@/lib/cron";
import type { Zone } from "@/lib/settings";
import { readTyped } from "@/lib/time";

export const SPANS: readonly (readonly [days: number, said: string])[] = [
  [1, "the last day"],
  [7, "the last 7 days"],
  [30, "the last 30 days"],
  [90, "the last 90 days"],
];

export const RHYTHMS = {
  daily: "Every day",
  weekdays: "Monday to Friday",
  weekly: "Every Monday",
  monthly: "On the first of the month",
  own: "Otherwise (cron)",
} as const;
export type Rhythm = keyof typeof RHYTHMS;

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 90;
export const LONGEST_TITLE = 200;

export interface Draft {
  type: ReportType;
  format: ReportFormat;
  title: string;
  /** Days up to now; undefined: as the type has it; `own`: from and to, as they were typed. */
  span: number | "own" | undefined;
  from: string;
  to: string;
  /** Empty: the whole fleet. */
  clusters: string[];
  incident: string | undefined;
  isRepeated: boolean;
  rhythm: Rhythm;
  /** `07:00`, in UTC. */
  time: string;
  cron: string;
}

export const EMPTY: Draft = {
  type: "EXECUTIVE_SUMMARY",
  format: "HTML",
  title: "",
  span: undefined,
  from: "",
  to: "now",
  clusters: [],
  incident: undefined,
  isRepeated: false,
  rhythm: "weekly",
  time: "07:00",
  cron: "0 7 * * MON",
};

/** Days that it is about: as chosen, or as the type has it. */
export const daysOf = ({ type, span }: Draft): number => (typeof span === "number" ? span : (TYPES[type].days ?? 7));

/** One incident cannot be told of again and again. */
export const repeats = ({ type, isRepeated }: Draft): boolean => isRepeated && type !== "INCIDENT_REPORT";

export function cronOf({ rhythm, time, cron }: Draft): string {
  if (rhythm === "own") return cron.trim();
  const [hour = "", minute = ""] = time.split(":");
  const at = `${Number(minute)} ${Number(hour)}`;
  return { daily: `${at} * * *`, weekdays: `${at} * * MON-FRI`, weekly: `${at} * * MON`, monthly: `${at} 1 * *` }[rhythm];
}

export interface Problems {
  incident?: string;
  period?: string;
  cron?: string;
}

/** What keeps it from being asked for; nothing: it can be. */
export function problemsOf(draft: Draft, zone: Zone, now: number): Problems {
  if (draft.type === "INCIDENT_REPORT") return draft.incident === undefined ? { incident: "Choose the incident that it is about." } : {};
  if (repeats(draft)) {
    if (draft.rhythm !== "own" && !/^\d\d:\d\d/.test(draft.time)) return { cron: "Say at what time." };
    const read = readCron(cronOf(draft));
    return typeof read === "string" ? { cron: read } : {};
  }
  if (draft.span !== "own") return {};
  const period = periodProblem(draft, zone, now);
  return period === undefined ? {} : { period };
}

function periodProblem({ from, to }: Draft, zone: Zone, now: number): string | undefined {
  const start = readTyped(from, zone, now);
  const end = readTyped(to, zone, now);
  if (start === undefined) return "Say from when, as 2026-01-31 12:00 or now-12h.";
  if (end === undefined) return "Say until when, as 2026-01-31 12:00 or now.";
  if (start >= end) return "It ends before it begins.";
  if (start >= now) return "It begins in the future.";
  return end - start > LONGEST_DAYS * DAY_MS ? `It is longer than ${LONGEST_DAYS} days.` : undefined;
}

/** What the hub is asked for one that is made once. */
export function requestOf(draft: Draft, zone: Zone, now: number): ReportRequest {
  const { type, format, title, clusters, incident } = draft;
  const named = title.trim() === "" ? {} : { title: title.trim() };
  if (type === "INCIDENT_REPORT") return { report_type: type, format, ...named, incident_id: incident! };
  const [start, end] =
    draft.span === "own" ? [readTyped(draft.from, zone, now)!, readTyped(draft.to, zone, now)!] : [now - daysOf(draft) * DAY_MS, now];
  const time_range = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  return { report_type: type, format, ...named, cluster_scope: clusters, time_range };
}

/** The same for one that is made again and again. */
export function recurringOf(draft: Draft): Recurring {
  const { type, format, title, clusters } = draft;
  return {
    report_type: type,
    format,
    title: title.trim() || TYPES[type].said,
    cluster_scope: clusters,
    cron: cronOf(draft),
    period_days: daysOf(draft),
  };
}
