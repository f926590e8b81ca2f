/** Puts series onto one time axis, with their gaps. */

import type { ChartSeries } from "@/components/chart/chart";

/** `undefined`: no point of this series here, the line goes on; `null`: a gap. */
export type Column = (number | null | undefined)[];

export interface Aligned {
  times: number[];
  /** One for each series. */
  columns: Column[];
}

type Points = ChartSeries["points"];

export function align(all: readonly Points[], step?: number): Aligned {
  const gaps = all.map((points) => (step === undefined ? [] : gapsOf(points, step)));
  const times = axisOf(all, gaps);
  const indexOf = new Map(times.map((time, index) => [time, index]));
  const columns = all.map(([at, values], number) => {
    const column: Column = Array.from({ length: times.length });
    for (const time of gaps[number]!) column[indexOf.get(time)!] = null;
    for (let point = 0; point < at.length; point += 1) {
      const value = values[point]!;
      column[indexOf.get(at[point]!)!] = Number.isFinite(value) ? value : null;
    }
    return column;
  });
  return { times, columns };
}

/** Where a point is missing: one step after the last one before the hole. */
function gapsOf([at]: Points, step: number): number[] {
  const found: number[] = [];
  for (let point = 1; point < at.length; point += 1) {
    if (at[point]! - at[point - 1]! > step * 1.5) found.push(at[point - 1]! + step);
  }
  return found;
}

function axisOf(all: readonly Points[], gaps: readonly number[][]): number[] {
  const times = new Set<number>();
  for (const [at] of all) for (let point = 0; point < at.length; point += 1) times.add(at[point]!);
  for (const each of gaps) for (const time of each) times.add(time);
  return [...times].toSorted((a, b) => a - b);
}

/** For stacked bars: each as high as itself and all after it. */
export function stacked(columns: readonly Column[]): Column[] {
  const sums: number[] = [];
  const result: Column[] = [];
  for (const column of columns.toReversed()) {
    result.push(
      column.map((value, index) => {
        sums[index] = (sums[index] ?? 0) + (value ?? 0);
        return sums[index]!;
      }),
    );
  }
  return result.toReversed();
}

/** Points between two gaps, which no line shows. */
export function lonely(column: Column): number[] {
  const found: number[] = [];
  const real = column.flatMap((value, index) => (value === undefined ? [] : [index]));
  for (let at = 0; at < real.length; at += 1) {
    const isGap = (place: number) => {
      const index = real[place];
      return index === undefined || column[index] === null;
    };
    if (!isGap(at) && isGap(at - 1) && isGap(at + 1)) found.push(real[at]!);
  }
  return found;
}

export interface Extent {
  min: number;
  max: number;
  last: number;
}

/** Of the values that are numbers; undefined if there is none. */
export function extentOf([, values]: Points): Extent | undefined {
  let found: Extent | undefined;
  for (let point = 0; point < values.length; point += 1) {
    const value = values[point]!;
    if (!Number.isFinite(value)) continue;
    found ??= { min: value, max: value, last: value };
    if (value < found.min) found.min = value;
    if (value > found.max) found.max = value;
    found.last = value;
  }
  return found;
}
