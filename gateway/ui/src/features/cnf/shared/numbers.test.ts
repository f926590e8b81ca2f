import { expect, test } from "vitest";

import { offset, placeOf, rate, sum } from "@/features/cnf/shared/numbers";

test("offsets have their sign and the unit in which they are read", () => {
  expect([12, -843.2, 1_250, -48_210.5, 3_400_000, 2e9, 0].map(offset)).toEqual([
    "+12 ns",
    "−843 ns",
    "+1.25 µs",
    "−48.2 µs",
    "+3.4 ms",
    "+2 s",
    "0 ns",
  ]);
  expect(offset(null)).toBe("–");
});

test("each tenfold is as far from the last one, on both sides, up to the end of the scale", () => {
  expect(placeOf(0)).toBe(0);
  expect(placeOf(100_000)).toBe(1);
  expect(placeOf(-7_000_000)).toBe(-1);
  expect(placeOf(-100)).toBeCloseTo(-placeOf(100));
  expect(placeOf(1_000) - placeOf(100)).toBeCloseTo(0.2, 1);
});

test("a rate that is not zero does not look like it", () => {
  expect([0, 0.0123, 2.5, 1_240, 140_000, null].map(rate)).toEqual(["0", "0.012", "2.5", "1.2K", "140.0K", "–"]);
});

test("a sum is of what is known, and unknown if nothing is", () => {
  expect(sum(1, null, 2)).toBe(3);
  expect(sum(null, undefined)).toBeNull();
});
