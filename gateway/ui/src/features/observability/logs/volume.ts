/** How many lines there are over time, for the bars above them. */

import type { ClusterLogs } from "@/generated/api.schemas";
import { levelNamed, levelOf, LEVELS, type Level, type Line } from "@/features/observability/logs/line";

export interface Bucket {
  /** Milliseconds since 1970; `to` is the next one's `from`. */
  from: number;
  to: number;
  total: number;
  /** By level; `undefined` is what has none. */
  levels: ReadonlyMap<Level | undefined, number>;
}

const SECOND = 1_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** A round length in milliseconds so that there are about `bars` in the window. */
export function stepFor(start: number, end: number, bars = 80): number {
  const wanted = (end - start) / bars / SECOND;
  const found = STEPS.find((step) => step >= wanted);
  return (found ?? Math.ceil(wanted / 86_400) * 86_400) * SECOND;
}

/** LogQL that counts the lines of a query that asks for lines. */
export function countingQuery(query: string, step: number): string {
  // On a line of its own: the query may end in a comment.
  return `sum by (level, detected_level) (count_over_time(${query}\n[${step / SECOND}s]))`;
}

/** The window in whole steps. */
export function aligned(start: number, end: number, step: number): { start: number; end: number } {
  return { start: Math.floor(start / step) * step, end: Math.max(1, Math.ceil(end / step)) * step };
}

/** Bars from what clusters have counted: a value at `t` counts the step that ends there. */
export function bucketsOf(
  results: readonly ClusterLogs[],
  window: { start: number; end: number },
  step: number,
): Bucket[] {
  const made = empty(window, step);
  for (const { data } of results) {
    for (const { metric, values } of data) {
      const level = levelNamed(metric["detected_level"]) ?? levelNamed(metric["level"]);
      for (const [at, value] of values) {
        add(made[Math.round((Number(at) * SECOND - window.start) / step) - 1], level, Number(value));
      }
    }
  }
  return made;
}

/** Bars from lines that are at hand. */
export function bucketsOfLines(
  lines: readonly Line[],
  window: { start: number; end: number },
  step: number,
): Bucket[] {
  const made = empty(window, step);
  for (const line of lines) add(made[Math.floor((line.at - window.start) / step)], levelOf(line), 1);
  return made;
}

/** Levels that are there at all, the worst first; what has none comes last. */
export function levelsIn(buckets: readonly Bucket[]): (Level | undefined)[] {
  return [...LEVELS, undefined].filter((level) => buckets.some(({ levels }) => (levels.get(level) ?? 0) > 0));
}

interface Growing extends Bucket {
  levels: Map<Level | undefined, number>;
}

function empty({ start, end }: { start: number; end: number }, step: number): Growing[] {
  return Array.from({ length: Math.max(1, Math.round((end - start) / step)) }, (_, at) => ({
    from: start + at * step,
    to: start + (at + 1) * step,
    total: 0,
    levels: new Map(),
  }));
}

function add(bucket: Growing | undefined, level: Level | undefined, count: number): void {
  if (!bucket || !Number.isFinite(count)) return;
  bucket.total += count;
  bucket.levels.set(level, (bucket.levels.get(level) ?? 0) + count);
}
