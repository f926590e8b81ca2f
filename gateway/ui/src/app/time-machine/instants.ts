/** Instants of the time machine: how they are picked, written, and put on a scale. */

import type { Zone } from "@/lib/settings";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** As it stands in the URL: RFC 3339 in UTC, with milliseconds. */
export const written = (at: number): string => new Date(at).toISOString();

/** When the log took an event: what was known when goes by it. Of telemetry, which it does not take: when it was. */
export const loggedAt = ({ logged_at, timestamp }: { logged_at: string | null; timestamp: string }): string =>
  logged_at ?? timestamp;

/** The first millisecond that is surely after a time of the log, which is cut to microseconds. */
export function justAfter(logged: string): number {
  return Date.parse(logged) + 1;
}

/** The last millisecond that is surely before a time of the log: as it was when that had not happened yet. */
export function justBefore(logged: string): number {
  return Date.parse(logged) - 1;
}

export interface Offered {
  label: string;
  at: number;
}

/** What is one click away. */
export function offered(now: number, zone: Zone): Offered[] {
  return [
    { label: "5 min ago", at: now - 5 * MINUTE },
    { label: "15 min ago", at: now - 15 * MINUTE },
    { label: "1 h ago", at: now - HOUR },
    { label: "6 h ago", at: now - 6 * HOUR },
    { label: "Yesterday, same time", at: daysBefore(now, 1, zone) },
    { label: "1 week ago", at: daysBefore(now, 7, zone) },
  ];
}

/** The same time on the clock so many days ago, also over a change of summer time. */
function daysBefore(now: number, days: number, zone: Zone): number {
  if (zone === "utc") return now - days * DAY;
  const date = new Date(now);
  date.setDate(date.getDate() - days);
  return date.getTime();
}

/** What a field for date and time shows: `2026-01-31T12:00:05` in the zone. */
export function toField(at: number, zone: Zone): string {
  const shift = zone === "utc" ? 0 : new Date(at).getTimezoneOffset() * MINUTE;
  return new Date(at - shift).toISOString().slice(0, 19);
}

/** What was put into such a field; undefined for what is no point in time. */
export function fromField(text: string, zone: Zone): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)) return undefined;
  const at = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(at) ? undefined : at;
}

export interface Span {
  start: number;
  end: number;
}

/**
 * The stretch of time to move in: the range if the instant lies in it, else one as long with the
 * instant in its middle, as far as that is not still to come.
 */
export function spanAround(at: number, range: Span, now: number): Span {
  if (at >= range.start && at <= range.end) return range;
  const length = range.end - range.start;
  const end = Math.min(now, at + length / 2);
  return { start: end - length, end };
}

/** The one there was while the instant lies in it and it is as long: a scale does not move by itself. */
export function keptSpan(before: Span | undefined, at: number, range: Span, now: number): Span {
  const kept = before !== undefined && before.end - before.start === range.end - range.start;
  return kept && at >= before.start && at <= before.end ? before : spanAround(at, range, now);
}

const STEPS = [1_000, 5_000, 15_000, 30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR];

/** By how much an arrow key moves: about a two-hundredth, in round numbers. */
export function stepOf({ start, end }: Span): number {
  const wanted = (end - start) / 200;
  return STEPS.find((step) => step >= wanted) ?? DAY;
}
