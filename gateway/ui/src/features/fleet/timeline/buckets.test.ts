import { expect, test } from "vitest";

import type { Happening } from "@/features/fleet/happening";
import { fill, firedIn, stepOf, told, total } from "@/features/fleet/timeline/buckets";

const HOUR = 3_600_000;
const START = Date.parse("2026-01-31T12:00:30Z");

const fired = (at: number, more: Partial<Happening> = {}): Happening => ({
  id: String(at),
  type: "ALERT_FIRED",
  at,
  cluster: null,
  clusterName: null,
  severity: "CRITICAL",
  ...more,
});

test("an hour is told by minutes, thirty days by half days", () => {
  expect(stepOf(HOUR)).toBe(60_000);
  expect(stepOf(30 * 24 * HOUR)).toBe(12 * HOUR);
});

test("what fired and what ended are counted apart, each in its minute", () => {
  const events = [fired(START), fired(START + 1_000, { severity: "INFO" }), fired(START + 60_000, { type: "ALERT_RESOLVED" })];
  const [first, second] = fill(events, START, START + HOUR);
  expect(first).toMatchObject({ fired: { CRITICAL: 1, WARNING: 0, INFO: 1 }, resolved: 0 });
  expect(second).toMatchObject({ fired: { CRITICAL: 0 }, resolved: 1 });
  expect(first!.start).toBe(Date.parse("2026-01-31T12:00:00Z"));
});

test("a sign of life is no new alert, and what is outside of the range is not counted", () => {
  const events = [fired(START + 1, { renewed: true }), fired(START - 10), fired(START + HOUR)];
  expect(firedIn(total(fill(events, START, START + HOUR)))).toBe(0);
});

test("a bucket is told in words", () => {
  const [bucket] = fill([fired(START), fired(START + 1, { type: "ALERT_RESOLVED" })], START, START + HOUR);
  expect(told(bucket!)).toBe("1 alert fired (1 critical), 1 resolved");
});
