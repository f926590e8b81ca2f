import { expect, test } from "vitest";

import { instantInWords, nextMoment, scaleOf, ticksOf } from "@/features/incidents/detail/replay/moments";
import { detail, entry } from "@/features/incidents/testing";

const at = (text: string) => Date.parse(`2026-01-31T${text}Z`);
const ENTRIES = [
  entry(3, { at: "2026-01-31T12:05:00Z", added: 0, ended: 4, lasting: 26 }),
  entry(2, { at: "2026-01-31T12:00:30Z", added: 4, lasting: 30 }),
  entry(1, { event_type: "INCIDENT_OPENED", at: "2026-01-31T12:00:00Z", signals: 3, lasting: 3 }),
];
const over = { state: "RESOLVED", resolved_at: "2026-01-31T12:10:00Z" } as const;

test("the scale reaches from before it opened to its end, or until now", () => {
  const open = scaleOf(detail(1), ENTRIES, at("12:20:00"));
  expect([open.start, open.end, open.isOpen]).toEqual([at("11:59:00"), at("12:20:00"), true]);
  const ended = scaleOf(detail(1, over), ENTRIES, at("18:00:00"));
  expect([ended.start, ended.end, ended.isOpen]).toEqual([at("11:59:29.95"), at("12:10:01"), false]);
  expect(ended.step).toBe(5_000);
});

test("it begins when the hub knew of it, not when its first signal began long before", () => {
  const old = detail(1, { opened_at: "2026-01-31T03:00:00Z" });
  expect(scaleOf(old, ENTRIES, at("12:20:00")).start).toBe(at("11:59:00"));
  expect(scaleOf(old, ENTRIES, at("12:20:00"), true).start).toBeLessThan(at("03:00:00"));
});

test("what went into another incident is over, too", () => {
  expect(scaleOf(detail(1, { merged_into: "x" }), ENTRIES, at("18:00:00"))).toMatchObject({ end: at("12:05:01"), isOpen: false });
});

test("marks stand where things happened, and at one place the one that matters more", () => {
  const scale = { start: at("12:00:00"), end: at("12:10:00") };
  expect(ticksOf(ENTRIES, ["2026-01-31T12:00:00.500Z", "2026-01-31T12:07:30Z"], scale)).toEqual([
    { kind: "opened", place: 0 },
    { kind: "came", place: 0.05 },
    { kind: "ended", place: 0.5 },
    { kind: "analysis", place: 0.75 },
  ]);
});

test("a storm has no more marks than can be told apart", () => {
  const storm = Array.from({ length: 500 }, (_, no) => entry(no, { at: new Date(at("12:10:00") - no * 1000).toISOString() }));
  expect(ticksOf(storm, [], { start: at("12:00:00"), end: at("12:10:00") }).length).toBeLessThan(170);
});

test("from moment to moment", () => {
  expect(nextMoment(ENTRIES, at("12:01:00"), "forth")).toBe(at("12:05:00.001"));
  expect(nextMoment(ENTRIES, at("12:01:00"), "back")).toBe(at("12:00:30.001"));
  expect(nextMoment(ENTRIES, at("12:05:00.001"), "forth")).toBeUndefined();
  expect(nextMoment(ENTRIES, at("12:00:00"), "back")).toBeUndefined();
});

test("an instant in words", () => {
  expect(instantInWords(ENTRIES, at("11:59:30"), false)).toBe("30 s before the hub knew of it");
  expect(instantInWords(ENTRIES, at("12:00:00"), false)).toBe("just known; 3 signals, all last");
  expect(instantInWords(ENTRIES, at("12:06:00"), false)).toBe("6 min after the hub knew of it; 40 signals, 26 last; 4 signals ended 1 min before");
  expect(instantInWords(ENTRIES, at("11:59:30"), true)).toBe("before what is read of its timeline");
});
