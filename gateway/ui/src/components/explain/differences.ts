/**
 * What differs in a window of time from as long a time before it, series by series.
 *
 * Medians are compared, in units of how far the values of before usually stray from theirs (the median
 * absolute deviation): one spike changes neither, and a series that always wavers has to move farther.
 */

import type { ChartSeries } from "@/components/chart/chart";

export interface Window {
  /** Milliseconds since 1970. */
  start: number;
  end: number;
}

interface Common {
  name: string;
  /** Place in what was given. */
  index: number;
  /** By which it is ranked. */
  score: number;
}

export type Difference =
  | (Common & {
      kind: "moved";
      before: number;
      now: number;
      /** How many deviations of before it has moved; infinite if there was none. */
      times: number;
      /** What is compared is by how much a counter has risen from point to point. */
      isIncrease: boolean;
    })
  | (Common & { kind: "appeared"; value: number; at: number })
  | (Common & { kind: "vanished"; value: number; at: number });

export interface Differences {
  /** The greatest first. */
  found: Difference[];
  /** How many are not among them, as no more are told. */
  left: number;
  /** Compared, and as before. */
  alike: number;
  /** With too few values before or in the window to say anything. */
  tooFew: number;
}

export const MOST_TOLD = 10;
const LEAST_VALUES = 5;
/** Fewer deviations are what happens by itself. */
const LEAST_TIMES = 4;
/** A whole series more or less stands among those that moved clearly. */
const WHOLE = 20;
/** From the median absolute deviation to the standard deviation of what is normally distributed. */
const NORMAL = 1.4826;
/** A series that hardly moved is not said to have jumped when it moves by a thousandth. */
const LEAST_SHARE = 0.01;

/** As long again before a window. */
export const beforeOf = ({ start, end }: Window): Window => ({ start: start - (end - start), end: start });

type Given = Pick<ChartSeries, "name" | "points" | "labels"> & {
  /** What is told in whole steps of this hardly strays less: a step is no difference. */
  grain?: number | undefined;
};

/** `series` have to reach back as far as `beforeOf` the window. */
export function differencesOf(series: readonly Given[], window: Window): Differences {
  const all = series.map((each, index) => compared(each, index, window));
  const found = all
    .filter((each): each is Difference => typeof each !== "string")
    .toSorted((a, b) => b.score - a.score || a.index - b.index);
  return {
    found: found.slice(0, MOST_TOLD),
    left: Math.max(0, found.length - MOST_TOLD),
    alike: all.filter((each) => each === "alike").length,
    tooFew: all.filter((each) => each === "tooFew").length,
  };
}

function compared(series: Given, index: number, window: Window): Difference | "alike" | "tooFew" {
  const before = within(series.points, beforeOf(window));
  const now = within(series.points, window);
  const common = { name: series.name, index };
  if (before.values.length === 0 && now.values.length > 0) {
    return { ...common, kind: "appeared", score: WHOLE, value: median(now.values), at: now.times[0]! };
  }
  if (now.values.length === 0 && before.values.length > 0) {
    return { ...common, kind: "vanished", score: WHOLE, value: median(before.values), at: before.times.at(-1)! };
  }
  const isIncrease = isCounter(series, [...before.values, ...now.values]);
  const [was, is] = [before.values, now.values].map((values) => (isIncrease ? increases(values) : values)) as [number[], number[]];
  if (was.length < LEAST_VALUES || is.length < LEAST_VALUES) return "tooFew";
  const by = moved(was, is, series.grain ?? 0);
  return by === undefined ? "alike" : { ...common, kind: "moved", isIncrease, ...by };
}

function moved(was: readonly number[], is: readonly number[], grain: number): { before: number; now: number; times: number; score: number } | undefined {
  const before = median(was);
  const now = median(is);
  const far = Math.abs(now - before);
  if (far === 0) return undefined;
  const strays = NORMAL * median(was.map((value) => Math.abs(value - before)));
  const score = far / Math.max(strays, grain, LEAST_SHARE * Math.abs(before), Number.MIN_VALUE);
  return score < LEAST_TIMES ? undefined : { before, now, times: strays === 0 ? Number.POSITIVE_INFINITY : far / Math.max(strays, grain), score };
}

/** Its end belongs to it; where it ends another may begin. */
function within([at, values]: Given["points"], { start, end }: Window): { times: number[]; values: number[] } {
  const found = { times: [] as number[], values: [] as number[] };
  for (let point = 0; point < at.length; point += 1) {
    const time = at[point]!;
    const value = values[point]!;
    if (time <= start || time > end || !Number.isFinite(value)) continue;
    found.times.push(time);
    found.values.push(value);
  }
  return found;
}

const COUNTER = /_(?:total|count|sum|bucket)$/;

/** By its name, and as it never falls but to begin anew. */
function isCounter({ labels }: Given, values: readonly number[]): boolean {
  if (!COUNTER.test(labels?.["__name__"] ?? "")) return false;
  return values.every((value, at) => at === 0 || value >= values[at - 1]! || value <= values[at - 1]! / 2);
}

/** From point to point; where it began anew nothing is known. */
const increases = (values: readonly number[]): number[] =>
  values.slice(1).flatMap((value, at) => (value < values[at]! ? [] : [value - values[at]!]));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
