import { expect, test } from "vitest";

import { askedFor, barsOf, summaryOf } from "@/features/clusters/detail/history";

const NOW = Date.parse("2026-03-04T12:00:00Z");

test("the last hour is asked for up to now, in steps of half a minute", () => {
  expect(askedFor({ from: "now-1h", to: "now" }, NOW, undefined).asked).toEqual({ step: "30s", window: "1h" });
});

test("a range that is over is asked for as of its end", () => {
  const shown = askedFor({ from: "2026-03-04T08:00:00Z", to: "2026-03-04T10:00:00Z" }, NOW, undefined);
  expect(shown.asked).toEqual({ step: "1m", window: "2h", as_of: "2026-03-04T10:00:00.000Z" });
});

test("in the past `now` is the instant that is shown", () => {
  const asOf = "2026-03-04T12:00:00Z";
  expect(askedFor({ from: "now-1h", to: "now" }, NOW, asOf).asked.as_of).toBe(asOf);
});

test("a range longer than what is kept is cut, and known to be", () => {
  const shown = askedFor({ from: "now-30d", to: "now" }, NOW, undefined);
  expect(shown).toMatchObject({ cut: true, asked: { window: "1w" } });
  expect(shown.end - shown.start).toBe(7 * 86_400_000);
});

const step = (minute: number, health_score: number | null, answered: boolean | null = health_score === null ? null : true) => ({
  at: new Date(NOW + minute * 60_000).toISOString(),
  health_score,
  answered,
});

test("between two checks the last one counts, but not for long", () => {
  const bars = barsOf([step(0, null), step(1, 80), step(2, null), step(6, null), step(7, null)]);
  expect(bars.map(({ score }) => score)).toEqual([undefined, 80, 80, 80, undefined]);
});

test("a summary tells the worst, the last, and how long nobody answered", () => {
  const bars = barsOf([step(0, 100), step(1, 0, false), step(2, 0, false), step(3, 90)]);
  expect(summaryOf(bars)).toBe("Health score 90 at the end, 0 at worst; no answer in 50 % of the time.");
  expect(summaryOf(barsOf([step(0, null)]))).toBe("Not checked in this time.");
});
