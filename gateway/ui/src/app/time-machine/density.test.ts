import { expect, test } from "vitest";

import { densityOf } from "@/app/time-machine/density";

const START = Date.parse("2026-03-04T12:00:00Z");
const SPAN = { start: START, end: START + 100_000 };
const at = (second: number, event_type = "ALERT_RESOLVED", severity = "INFO") => ({
  event_type,
  timestamp: new Date(START + second * 1000).toISOString(),
  logged_at: null,
  payload: { alert: { severity } },
});

test("events are counted where they happened", () => {
  const { bars, most, from } = densityOf([at(95), at(15), at(12), at(0)], false, SPAN, 10);
  expect(bars.map(({ count }) => count)).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(most).toBe(2);
  expect(from).toBe(SPAN.start);
});

test("an event counts when the log took it, as what was known when does", () => {
  const late = { ...at(5), logged_at: at(95).timestamp };
  expect(densityOf([late], false, SPAN, 10).bars.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test("critical alerts that begin stand out; that they end does not", () => {
  const { bars } = densityOf([at(5, "ALERT_FIRED", "CRITICAL"), at(5, "ALERT_RESOLVED", "CRITICAL")], false, SPAN, 10);
  expect(bars[0]).toEqual({ count: 2, critical: 1 });
});

test("where events were not read, nothing is said to have been quiet", () => {
  expect(densityOf([at(95), at(60)], true, SPAN, 10).from).toBe(START + 60_000);
});

test("what lies outside is not counted, and a payload may be gone", () => {
  const { bars } = densityOf([at(200), { ...at(50), payload: null }, at(-5)], false, SPAN, 10);
  expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(1);
});
