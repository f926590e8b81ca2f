import { expect, test } from "vitest";

import { timeLabels } from "@/components/chart/ticks";
import { alike, formatValue } from "@/components/chart/units";
import { wider } from "@/components/chart/use-zoom";

test.each([
  [1_234_567, "none", "1.235M"],
  [0.00001, "none", "1.00e-5"],
  [3 * 1024 ** 3, "bytes", "3.0 GiB"],
  [2048, "bytes/s", "2.0 KiB/s"],
  [0.0042, "seconds", "4.2 ms"],
  [90, "seconds", "90 s"],
  [7200, "seconds", "2 h"],
  [0.256, "ratio", "25.6 %"],
  [12.5, "per second", "12.5/s"],
  [Number.POSITIVE_INFINITY, "none", "∞"],
  [Number.NaN, "bytes", "–"],
] as const)("%f as %s is written %s", (value, unit, written) => {
  expect(formatValue(value, unit)).toBe(written);
});

test("figures below each other have the same decimals, and none looks like zero that is not", () => {
  const write = alike([426.74, 76.69, 0.02]);
  expect([426.74, 76.69, 0, 0.02].map((value) => formatValue(value, "watts", write))).toEqual(["427 W", "77 W", "0 W", "0.02 W"]);
  expect([60.6, 5].map(alike([60.6, 5]))).toEqual(["60.6", "5.0"]);
  expect([12, 6].map(alike([12, 6]))).toEqual(["12", "6"]);
});

test("the day is written once, and where it changes", () => {
  const at = (text: string) => Date.parse(text);
  const splits = ["2026-01-30T23:00Z", "2026-01-30T23:30Z", "2026-01-31T00:00Z"].map(at);
  expect(timeLabels(splits, 1_800_000, "utc")).toEqual(["23:00\n30 Jan", "23:30", "00:00\n31 Jan"]);
});

test("without a zoom before, zooming out doubles the range, but not into the future", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  expect(wider({ from: "now-1h", to: "now" }, now)).toEqual({
    from: "2026-01-31T10:00:00.000Z",
    to: "2026-01-31T12:00:00.000Z",
  });
  expect(wider({ from: "2026-01-31T08:00:00Z", to: "2026-01-31T09:00:00Z" }, now)).toEqual({
    from: "2026-01-31T07:30:00.000Z",
    to: "2026-01-31T09:30:00.000Z",
  });
});
