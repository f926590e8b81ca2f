import { describe, expect, test } from "vitest";

import {
  ago,
  agoElsewhere,
  clockTime,
  describeRange,
  formatDuration,
  frozen,
  lasting,
  parseDuration,
  parseInstant,
  readTyped,
  zoomedOut,
} from "@/lib/time";

const NOW = Date.parse("2026-03-04T12:00:00Z");

describe("durations", () => {
  test.each([1, 999, 1_000, 61_000, 300_000, 7_200_000, 86_400_000, 604_800_000, 123_456_789])(
    "%d ms are read as they were written",
    (length) => expect(parseDuration(formatDuration(length))).toBe(length),
  );

  test.each(["", "5", "m", "-5m", "5 m", "1.5h", "5y", "5mm"])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("instants", () => {
  test.each([
    ["now", NOW],
    ["now-1h", NOW - 3_600_000],
    [" now-2d ", NOW - 172_800_000],
    ["2026-03-04T11:59:59.5Z", NOW - 500],
    ["2026-03-04T13:00:00+01:00", NOW],
  ])("%j is read", (text, at) => expect(parseInstant(text, NOW)).toBe(at));

  test.each(["", "now+1h", "now-", "then", "now-1y"])("%j is none", (text) => {
    expect(parseInstant(text, NOW)).toBeUndefined();
  });

  test("what is typed without a zone is in the zone of the settings", () => {
    expect(readTyped("2026-03-04 12:00", "utc", 0)).toBe(NOW);
    expect(readTyped("2026-03-04", "utc", 0)).toBe(NOW - 12 * 3_600_000);
    expect(readTyped("2026-03-04 12:00", "local", 0)).toBe(new Date(2026, 2, 4, 12).getTime());
    expect(readTyped("2026-03-04 25:00", "utc", 0)).toBeUndefined();
  });

  test.each(["local", "utc"] as const)("what the clock shows in %s can be typed", (zone) => {
    for (const at of [NOW, NOW + 1, Date.parse("2025-10-26T03:30:00Z"), Date.parse("2024-02-29T23:59:59Z")]) {
      expect(readTyped(clockTime(at, zone, "ms"), zone, 0)).toBe(at);
    }
  });
});

describe("ranges", () => {
  test("a frozen one shows the same later", () => {
    const range = frozen({ from: "now-1h", to: "now" }, NOW);
    expect(range).toEqual({ from: "2026-03-04T11:00:00.000Z", to: "2026-03-04T12:00:00.000Z" });
    expect(frozen(range, NOW + 1e9)).toEqual(range);
  });

  test("one that ends now zooms out backwards and stays relative", () => {
    expect(zoomedOut({ from: "now-1h", to: "now" }, NOW)).toEqual({ from: "now-2h", to: "now" });
  });

  test("a fixed one zooms out on both sides, never beyond now", () => {
    const hour = { from: "2026-03-04T08:00:00.000Z", to: "2026-03-04T09:00:00.000Z" };
    expect(zoomedOut(hour, NOW)).toEqual({ from: "2026-03-04T07:30:00.000Z", to: "2026-03-04T09:30:00.000Z" });
    const last = { from: "2026-03-04T11:00:00.000Z", to: "2026-03-04T12:00:00.000Z" };
    expect(zoomedOut(last, NOW).to).toBe("2026-03-04T12:00:00.000Z");
  });

  test.each([
    [{ from: "now-6h", to: "now" }, "Last 6 hours"],
    [{ from: "now-1d", to: "now" }, "Last day"],
    [{ from: "now-2h", to: "now-1h" }, "10:00:00 – 11:00:00"],
  ])("%j is described", (range, said) => {
    expect(describeRange(range, (at) => clockTime(at, "utc").slice(11, 19), NOW)).toBe(said);
  });
});

test.each([
  [0, "now"],
  [5_000, "5 sec. ago"],
  [59_999, "59 sec. ago"],
  [60_000, "1 min. ago"],
  [7_200_000, "2 hr. ago"],
  [86_400_000, "yesterday"],
])("%d ms ago", (age, said) => expect(ago(NOW - age, NOW)).toBe(said));

test.each([
  [5_000, "5 sec. ago"],
  [-20_000, "now"],
  [-300_000, "in 5 min."],
])("by another clock, %d ms ago", (age, said) => expect(agoElsewhere(NOW - age, NOW)).toBe(said));

test.each([
  [0, "0 s"],
  [65_000, "1 min 5 s"],
  [7_500_000, "2 h 5 min"],
  [3_600_000, "1 h"],
  [90_061_000, "1 d 1 h"],
])("lasting %d ms", (length, said) => expect(lasting(length)).toBe(said));

test("what reaches beyond the first date is no point in time", () => {
  expect(parseInstant("now-99999999w", Date.now())).toBeUndefined();
  expect(frozen({ from: "now-99999999w", to: "now" }, 0).to).toBe("1970-01-01T00:00:00.000Z");
});
