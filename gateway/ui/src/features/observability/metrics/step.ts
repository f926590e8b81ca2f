/** How far apart the points of a chart are: near enough to see, no nearer than anybody scrapes. */

import { formatDuration, parseDuration } from "@/lib/time";

interface Span {
  start: number;
  end: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: readonly number[] = [
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
];

/** What may be chosen by hand. */
export const OFFERED = ["15s", "30s", "1m", "5m", "15m", "1h", "6h"] as const;

/** Pixels that a point has; fewer are no longer told apart. */
const PIXELS = 2;
/** Nobody scrapes much more often than that. */
const FINEST = 15 * SECOND;
/** Prometheus gives no more. */
const MOST_POINTS = 11_000;

/** Milliseconds between points for that range and width. */
export function stepFor(range: Span, width: number): number {
  const length = range.end - range.start;
  // What is shorter than a few scrapes is looked at closely.
  if (length <= 5 * MINUTE) return Math.max(SECOND, Math.ceil(length / 300 / SECOND) * SECOND);
  const least = Math.max(FINEST, (length * PIXELS) / Math.max(200, width));
  return STEPS.find((step) => step >= least) ?? Math.ceil(length / MOST_POINTS / DAY + 1) * DAY;
}

/** The step that is asked for: the chosen one, or what suits. */
export function stepOf(chosen: string | undefined, range: Span, width: number): number {
  return (chosen === undefined ? undefined : parseDuration(chosen)) ?? stepFor(range, width);
}

export const writtenStep = (step: number): string => formatDuration(step);

/** On whole steps: the same points each time it is read, so that nothing wavers and caches know them. */
export function onSteps({ start, end }: Span, step: number): Span {
  const last = Math.floor(end / step) * step;
  return { start: Math.min(Math.floor(start / step) * step, last), end: last };
}
