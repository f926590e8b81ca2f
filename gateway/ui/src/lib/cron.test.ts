import { expect, test } from "vitest";

import { cronInWords, nextTimes, readCron, type Cron } from "@/lib/cron";

/** A Saturday. */
const NOW = Date.parse("2026-01-31T12:00:00Z");

function next(text: string, most = 3): string[] {
  const read = readCron(text);
  if (typeof read === "string") throw new Error(read);
  return nextTimes(read, NOW, most).map((at) => new Date(at).toISOString().slice(0, 16));
}

test.each([
  ["0 7 * * MON", ["2026-02-02T07:00", "2026-02-09T07:00", "2026-02-16T07:00"]],
  ["30 6,18 * * *", ["2026-01-31T18:30", "2026-02-01T06:30", "2026-02-01T18:30"]],
  ["0 12 * * *", ["2026-02-01T12:00", "2026-02-02T12:00", "2026-02-03T12:00"]],
  ["0 0 1 * *", ["2026-02-01T00:00", "2026-03-01T00:00", "2026-04-01T00:00"]],
  ["0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]],
  ["0 0 31 1-6/2 *", ["2026-03-31T00:00", "2026-05-31T00:00", "2027-01-31T00:00"]],
  ["0 9 * * 5-7", ["2026-02-01T09:00", "2026-02-06T09:00", "2026-02-07T09:00"]],
  // One of both is enough.
  ["0 9 3 * SUN", ["2026-02-01T09:00", "2026-02-03T09:00", "2026-02-08T09:00"]],
  ["5 */12 * * *", ["2026-01-31T12:05", "2026-02-01T00:05", "2026-02-01T12:05"]],
])("%s is due as cron has it", (text, due) => {
  expect(next(text, due.length)).toEqual(due);
});

test.each([
  ["0 7 * *", /five fields/],
  ["* 7 * * *", /once an hour/],
  ["0 24 * * *", /hour “24” is not from 0 to 23/],
  ["0 7 * * XYZ", /weekday “XYZ” is not/],
  ["0 7 * * FRI-MON", /ends before it begins/],
  ["0 7 */0 * *", /step of zero/],
  ["0 7 31 2 *", /None of its months/],
  ["0 7 1;2 * *", /not understood/],
])("what is wrong with %s is said", (text, said) => {
  expect(readCron(text)).toMatch(said);
});

test("days are in order and once, however they are written", () => {
  expect((readCron("0 7 * * 7,SUN,mon") as Cron).weekdays).toEqual([0, 1]);
});

test.each([
  ["0 7 * * MON", "Every Monday at 07:00 UTC"],
  ["0 7 * * 1-5", "Monday to Friday at 07:00 UTC"],
  ["15 6,18 * * *", "Every day at 06:15, 18:15 UTC"],
  ["0 7 1 * *", "On day 1 of the month at 07:00 UTC"],
  ["5 * * * *", "Every hour at minute 5 (UTC)"],
  ["0 7 1 1 *", "0 7 1 1 * (cron, UTC)"],
  ["nonsense", "nonsense"],
])("%s in words", (text, said) => {
  expect(cronInWords(text)).toBe(said);
});
