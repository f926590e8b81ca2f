/** The health of a cluster over time: which steps to ask for, and what to draw of the answer. */

import type { HealthStep } from "@/generated/api.schemas";
import { resolveRange } from "@/lib/moment";
import { formatDuration, type Range } from "@/lib/time";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KEPT = 7 * 24 * HOUR;
const MOST_BARS = 120;
const STEPS = [15_000, 30_000, ...[1, 2, 5, 10, 15, 30].map((m) => m * MINUTE), ...[1, 2, 3, 6].map((h) => h * HOUR)];
/** A check counts until the next one; the slowest clusters are checked every 2 minutes. */
const COUNTS_FOR = 5 * MINUTE;

export interface Asked {
  step: string;
  window: string;
  /** Where the range ends before now. */
  as_of?: string;
}

export interface Shown {
  asked: Asked;
  start: number;
  end: number;
  /** The range is longer than what is kept. */
  cut: boolean;
}

/** What to ask for a range; `now`: the instant that is shown, which `asOf` names if it is past. */
export function askedFor(range: Range, now: number, asOf: string | undefined): Shown {
  const { start, end } = resolveRange(range, now);
  const until = Math.min(end, now);
  const length = Math.max(MINUTE, Math.min(until - start, KEPT));
  const step = STEPS.find((each) => length / each <= MOST_BARS) ?? STEPS.at(-1)!;
  const window = formatDuration(Math.round(length / 1000) * 1000);
  const at = until < now - 1_000 ? new Date(until).toISOString() : asOf;
  return {
    asked: { step: formatDuration(step), window, ...(at === undefined ? {} : { as_of: at }) },
    start: until - length,
    end: until,
    cut: until - start > KEPT,
  };
}

export interface Bar {
  at: number;
  /** Undefined where nothing is known. */
  score: number | undefined;
  answered: boolean;
}

/** One bar a step; a step in which nobody checked has what was found last, if that is not long ago. */
export function barsOf(history: readonly HealthStep[]): Bar[] {
  let last: { at: number; score: number; answered: boolean } | undefined;
  return history.map(({ at: text, health_score, answered }) => {
    const at = Date.parse(text);
    if (health_score !== null) last = { at, score: health_score, answered: answered ?? true };
    if (last === undefined || at - last.at > COUNTS_FOR) return { at, score: undefined, answered: false };
    return { at, score: last.score, answered: last.answered };
  });
}

/** What the bars say, for those who do not see them. */
export function summaryOf(bars: readonly Bar[]): string {
  const known = bars.filter((bar): bar is Bar & { score: number } => bar.score !== undefined);
  if (known.length === 0) return "Not checked in this time.";
  const worst = Math.min(...known.map(({ score }) => score));
  const away = known.filter(({ answered }) => !answered).length;
  const share = Math.round((100 * away) / known.length);
  return `Health score ${known.at(-1)!.score} at the end, ${worst} at worst; no answer in ${share} % of the time.`;
}
