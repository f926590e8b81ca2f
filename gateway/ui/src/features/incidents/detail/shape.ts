/** The shape of an incident over time: how many signals came in each step, and how many lasted. */

import type { TimelineEntry } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths of time that are read easily. */
export const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((each) => each * MINUTE),
  ...[1, 2, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 7, 30].map((each) => each * DAY),
];
const MOST = 90;
/** Less would be a picture of one bar. */
const SHORTEST = 30 * SECOND;

export interface Step {
  start: number;
  end: number;
  came: number;
  ended: number;
  /** At its end; undefined where that is not told. */
  lasting: number | undefined;
}

/** How many came by an event: what another incident brings counts as come, too. */
function cameWith(entry: TimelineEntry, before: TimelineEntry | undefined): number {
  if (entry.event_type !== "INCIDENT_MERGED" && entry.event_type !== "INCIDENT_SPLIT") return entry.added + (entry.resumed ?? 0);
  if (entry.signals === null || (before !== undefined && before.signals === null)) return 0;
  return Math.max(0, entry.signals - (before?.signals ?? 0));
}

/** From the first entry that was read until `until`, in whole steps; `entries`: newest first. */
export function stepsOf(entries: readonly TimelineEntry[], until: number): Step[] {
  const first = entries.at(-1);
  if (first === undefined) return [];
  const from = Date.parse(first.at);
  const span = Math.max(SHORTEST, until - from);
  const size = STEPS.find((each) => span / each <= MOST) ?? STEPS.at(-1)!;
  const start = Math.floor(from / size) * size - size;
  const length = Math.ceil((from + span - start) / size) + 1;
  const steps = Array.from({ length }, (_, at): Step => ({
    start: start + at * size,
    end: start + (at + 1) * size,
    came: 0,
    ended: 0,
    lasting: undefined,
  }));
  let before: TimelineEntry | undefined;
  for (const entry of entries.toReversed()) {
    const step = steps[Math.min(length - 1, Math.floor((Date.parse(entry.at) - start) / size))]!;
    step.came += cameWith(entry, before);
    step.ended += entry.ended ?? 0;
    step.lasting = entry.lasting ?? undefined;
    before = entry;
  }
  let lasting: number | undefined;
  for (const step of steps) {
    lasting = step.lasting ?? (step.came === 0 ? lasting : undefined);
    step.lasting = lasting;
  }
  return steps;
}

/** `31 joined, 4 ended, 212 lasting`. */
export function stepInWords({ came, ended, lasting }: Step): string {
  const parts = [`${came === 0 ? "no signal" : plural(came, "signal")} joined`];
  if (ended > 0) parts.push(`${count(ended)} ended`);
  if (lasting !== undefined) parts.push(`${count(lasting)} lasting`);
  return parts.join(", ");
}

/** The whole of it, for those who do not see it. */
export function shapeInWords(steps: readonly Step[]): string {
  const came = steps.reduce((all, step) => all + step.came, 0);
  const most = Math.max(0, ...steps.map(({ lasting }) => lasting ?? 0));
  return `${plural(came, "signal")} joined in this time, ${count(most)} lasted at most at once`;
}

/** The corners of an area of steps, in a picture of `steps.length` × 100. */
export function areaOf(steps: readonly Step[], most: number): string {
  const points = steps.flatMap(({ lasting = 0 }, at) => {
    const y = 100 - (100 * lasting) / Math.max(1, most);
    return [`${at},${y.toFixed(2)}`, `${at + 1},${y.toFixed(2)}`];
  });
  return [`0,100`, ...points, `${steps.length},100`].join(" ");
}
