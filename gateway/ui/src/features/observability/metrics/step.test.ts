import { expect, test } from "vitest";

import { onSteps, stepFor, stepOf } from "@/features/observability/metrics/step";

const HOUR = 3_600_000;
const last = (length: number) => ({ start: 0, end: length });

test("a longer range has longer steps, and a narrower window too", () => {
  expect(stepFor(last(HOUR), 1200)).toBe(15_000);
  expect(stepFor(last(24 * HOUR), 1200)).toBe(300_000);
  expect(stepFor(last(24 * HOUR), 400)).toBe(600_000);
  expect(stepFor(last(HOUR / 60), 1200)).toBe(1_000);
});

test("no range has more points than Prometheus gives", () => {
  const years = 20 * 365 * 24 * HOUR;
  expect(years / stepFor(last(years), 1200)).toBeLessThan(11_000);
});

test("what is chosen is taken", () => {
  expect(stepOf("5m", last(HOUR), 1200)).toBe(300_000);
});

test("points are the same whenever they are asked for", () => {
  expect(onSteps({ start: 12_345, end: 77_777 }, 15_000)).toEqual({ start: 0, end: 75_000 });
  expect(onSteps({ start: 14_999, end: 78_000 }, 15_000)).toEqual({ start: 0, end: 75_000 });
});
