import { faker } from "@faker-js/faker";
import { describe, expect, test } from "vitest";

import {
  DAY,
  fromField,
  justAfter,
  justBefore,
  keptSpan,
  offered,
  spanAround,
  stepOf,
  toField,
  written,
} from "@/app/time-machine/instants";

const NOW = Date.parse("2026-03-04T12:00:00Z");
const HOUR = 3_600_000;
/** Instants of ten years, some on odd milliseconds, some when clocks are changed. */
const instants = () => [
  Date.parse("2025-10-26T00:59:59Z"),
  Date.parse("2025-03-30T01:00:00Z"),
  Date.parse("2024-02-29T23:59:59.999Z"),
  ...Array.from({ length: 200 }, () => NOW - faker.number.int({ min: 0, max: 3650 * DAY })),
];

test("what stands in the URL is the instant, to the millisecond", () => {
  for (const at of instants()) {
    expect(Date.parse(written(at))).toBe(at);
    expect(written(at)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
});

test.each(["utc", "local"] as const)("a field in %s keeps the instant, to the second", (zone) => {
  for (const at of instants()) {
    const whole = Math.floor(at / 1000) * 1000;
    expect(fromField(toField(at, zone), zone)).toBe(whole);
  }
});

test.each(["", "2026-03-04", "yesterday", "2026-13-40T00:00", "2026-03-04T12:00Z"])("%j is no instant", (text) => {
  expect(fromField(text, "utc")).toBeUndefined();
});

test("a time that was cut to microseconds lies surely between its two milliseconds", () => {
  for (const logged of ["2026-03-04T12:00:00Z", "2026-03-04T12:00:00.000555Z", "2026-03-04T12:00:00.000999Z"]) {
    expect(justAfter(logged)).toBe(NOW + 1);
    expect(justBefore(logged)).toBe(NOW - 1);
  }
});

test("what is offered is past, the nearest first", () => {
  for (const zone of ["utc", "local"] as const) {
    const ages = offered(NOW, zone).map(({ at }) => NOW - at);
    expect(ages.every((age) => age > 0)).toBe(true);
    expect(ages).toEqual(ages.toSorted((a, b) => a - b));
  }
  expect(offered(NOW, "utc").find(({ label }) => label.startsWith("Yesterday"))?.at).toBe(NOW - DAY);
});

describe("the stretch of time to move in", () => {
  const range = (length: number) => ({ start: NOW - length, end: NOW });

  test("has the instant in it, is as long as the range, and nothing of the future", () => {
    for (const at of instants()) {
      const length = faker.number.int({ min: 60_000, max: 30 * DAY });
      const span = spanAround(at, range(length), NOW);
      expect(span.end - span.start).toBe(length);
      expect(at).toBeGreaterThanOrEqual(span.start);
      expect(at).toBeLessThanOrEqual(span.end);
      expect(span.end).toBeLessThanOrEqual(NOW);
    }
  });

  test("is the range where the instant lies in it", () => {
    expect(spanAround(NOW - HOUR / 2, range(HOUR), NOW)).toEqual(range(HOUR));
    const fixed = { start: NOW - 10 * HOUR, end: NOW - 8 * HOUR };
    expect(spanAround(NOW - 9 * HOUR, fixed, NOW)).toEqual(fixed);
  });

  test("stays where it is until the instant leaves it, or the range is another one", () => {
    const first = keptSpan(undefined, NOW - HOUR / 2, range(HOUR), NOW);
    const later = NOW + 60_000;
    expect(keptSpan(first, NOW - HOUR, { start: later - HOUR, end: later }, later)).toBe(first);
    expect(keptSpan(first, NOW - 2 * HOUR, range(HOUR), NOW)).not.toBe(first);
    expect(keptSpan(first, NOW - HOUR / 2, range(2 * HOUR), NOW)).toEqual(range(2 * HOUR));
  });

  test("is gone through in at most 200 steps of round length", () => {
    for (const length of [60_000, HOUR, DAY, 30 * DAY]) expect(length / stepOf(range(length))).toBeLessThanOrEqual(200);
    expect(stepOf(range(HOUR))).toBe(30_000);
  });
});
