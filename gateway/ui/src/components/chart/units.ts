/** Values as they are read on an axis and in a legend. */

import { bytes } from "@/lib/format";

export type Unit =
  | "none"
  | "bytes"
  | "bytes/s"
  | "seconds"
  | "milliseconds"
  | "ratio"
  | "percent"
  | "per second"
  | "cores"
  | "celsius"
  | "watts"
  | "megahertz";

const PLAIN = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

function plain(value: number): string {
  const size = Math.abs(value);
  if (size >= 100_000) return COMPACT.format(value);
  if (size !== 0 && size < 0.0001) return value.toExponential(2);
  return PLAIN.format(value);
}

const LENGTHS: readonly [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "µs"],
  [1e-9, "ns"],
];

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  // Two minutes are read better as 120 s.
  const [by, unit] = LENGTHS.find(([least]) => size >= least * (least >= 60 ? 2 : 1)) ?? LENGTHS.at(-1)!;
  return `${plain(value / by)} ${unit}`;
}

/** Kibibytes and so on; below one byte there is only a number. */
const inBytes = (value: number) => (Math.abs(value) < 10 && value % 1 !== 0 ? `${plain(value)} B` : bytes(value));

type Write = (value: number) => string;

const WRITTEN: Readonly<Record<Unit, (value: number, plain: Write) => string>> = {
  none: (value, plain) => plain(value),
  bytes: inBytes,
  "bytes/s": (value) => `${inBytes(value)}/s`,
  seconds,
  milliseconds: (value) => seconds(value / 1000),
  ratio: (value) => `${plain(value * 100)} %`,
  percent: (value, plain) => `${plain(value)} %`,
  "per second": (value, plain) => `${plain(value)}/s`,
  cores: (value, plain) => plain(value),
  celsius: (value, plain) => `${plain(value)} °C`,
  watts: (value, plain) => `${plain(value)} W`,
  megahertz: (value, plain) => `${plain(value)} MHz`,
};

/** `write`: how a number is written where its unit is always the same one. */
export function formatValue(value: number | null | undefined, unit: Unit = "none", write: Write = plain): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return WRITTEN[unit](value, write);
}

/** How numbers that stand below each other are written: with as many decimals as the largest needs, so that their points are in line. */
export function alike(values: readonly number[]): Write {
  const known = values.filter(Number.isFinite);
  const largest = known.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest < 1 || largest >= 100_000 || known.every(Number.isInteger)) return plain;
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(largest)));
  const format = new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  // What is not zero never looks like it.
  return (value) => (value !== 0 && Math.abs(value) < 0.5 / 10 ** decimals ? plain(value) : format.format(value));
}

/** Steps of an axis: bytes are counted in powers of two. */
export function stepsOf(unit: Unit): number[] | undefined {
  if (unit !== "bytes" && unit !== "bytes/s") return undefined;
  return Array.from({ length: 60 }, (_, power) => 2 ** power);
}
