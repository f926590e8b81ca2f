/** A chart in words. */

import type { ChartSeries } from "@/components/chart/chart";
import type { Drawn } from "@/components/chart/top";
import { formatValue, type Unit } from "@/components/chart/units";
import { count, plural } from "@/lib/format";

type Clock = (at: number) => string;

/** What a look at it would tell: how many series, from when to when, between which values. */
export function summary(
  label: string,
  drawn: readonly Drawn[],
  of: number,
  { start, end }: { start: number; end: number },
  unit: Unit,
  clock: Clock,
): string {
  const extents = drawn.flatMap(({ extent }) => extent ?? []);
  const span = `from ${clock(start)} to ${clock(end)}`;
  if (extents.length === 0) return `${label}: no values ${span}.`;
  const lowest = Math.min(...extents.map(({ min }) => min));
  const highest = Math.max(...extents.map(({ max }) => max));
  const top = drawn.find(({ extent }) => extent?.max === highest)!.series.name;
  const between = `lowest ${formatValue(lowest, unit)}, highest ${formatValue(highest, unit)}`;
  const many = of > drawn.length ? `${count(drawn.length)} of ${count(of)} series` : plural(of, "series", "series");
  return `${label}: ${many} ${span}; ${between} (${top}).`;
}

const READ_OUT = 5;

/** What the crosshair is at; of many series those with the highest values. */
export function reading(
  time: string,
  series: readonly ChartSeries[],
  values: readonly (number | null | undefined)[],
  unit: Unit,
): string {
  const known = inOrder(values);
  if (known.length === 0) return `${time}: no values`;
  const told = known
    .slice(0, READ_OUT)
    .map((index) => `${series[index]!.name} ${formatValue(values[index], unit)}`)
    .join(", ");
  const rest = known.length - READ_OUT;
  return `${time}: ${told}${rest > 0 ? `, and ${plural(rest, "other")}` : ""}`;
}

/** Numbers of the series that have a value, the highest first. */
export function inOrder(values: readonly (number | null | undefined)[]): number[] {
  const known = values.flatMap((value, index) => (value === null || value === undefined ? [] : [index]));
  return known.toSorted((a, b) => values[b]! - values[a]!);
}
