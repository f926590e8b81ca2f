/** Offsets of clocks and rates of packets, as people read them. */

import { short } from "@/lib/format";

const STEPS: readonly [number, string][] = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
];
const PLAIN = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** `+12 ns`, `−1.25 µs`: with its sign, as it says whether a clock is ahead. */
export function offset(ns: number | null | undefined): string {
  if (ns === null || ns === undefined) return "–";
  const size = Math.abs(ns);
  const [by, unit] = STEPS.find(([least]) => size >= least) ?? [1, "ns"];
  const sign = ns > 0 ? "+" : ns < 0 ? "−" : "";
  return `${sign}${PLAIN.format(size / by)} ${unit}`;
}

/** Of the widest offset that has a place of its own on the scale. */
export const FARTHEST_NS = 100_000;

/** Where an offset is between −1 and 1: each tenfold is as far as the one before, as most are near zero. */
export function placeOf(ns: number): number {
  const far = Math.log10(1 + Math.min(Math.abs(ns), FARTHEST_NS)) / Math.log10(1 + FARTHEST_NS);
  return Math.sign(ns) * far;
}

const RATE = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
/** Always with its tenth, so that those below each other have their points in line. */
const MANY = new Intl.NumberFormat("en", { notation: "compact", minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** `1.2K`, `140.0K`, `0.25`; a rate that is not zero never looks like it. */
export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return "–";
  const size = Math.abs(perSecond);
  if (size >= 1_000) return MANY.format(perSecond);
  return size !== 0 && size < 10 ? RATE.format(perSecond) : short(perSecond);
}

/** The sum of what is known; null if nothing is. */
export function sum(...values: (number | null | undefined)[]): number | null {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? null : known.reduce((all, value) => all + value, 0);
}
