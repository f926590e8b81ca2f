import { expect, test } from "vitest";

import { differencesOf, MOST_TOLD } from "@/components/explain/differences";
import { caveatsOf, differenceInWords, headlineOf } from "@/components/explain/words";

const WINDOW = { start: 1_000, end: 2_000 };
const noise = (at: number) => [0, 0.4, -0.3, 0.1, -0.2, 0.3, -0.4, 0.2, -0.1, 0][at % 10]!;

/** Ten values before, ten in the window; NaN: none. */
function series(name: string, before: (at: number) => number, now: (at: number) => number, labels: Record<string, string> = {}) {
  const values = Array.from({ length: 20 }, (_, at) => (at < 10 ? before(at) : now(at)));
  return { name, labels, points: [values.map((_, at) => (at + 1) * 100), values] as [number[], number[]] };
}

const steady = (name: string) => series(name, (at) => 10 + noise(at), (at) => 10 + noise(at));
const kinds = (of: ReturnType<typeof differencesOf>) => of.found.map(({ name, kind }) => `${name} ${kind}`);

test("what moved farthest beyond its usual straying comes first", () => {
  const calm = series("calm", (at) => 10 + noise(at), (at) => 14 + noise(at));
  const wild = series("wild", (at) => 10 + 10 * noise(at), (at) => 16 + 10 * noise(at));
  const jump = series("jump", (at) => 10 + noise(at), (at) => 40 + noise(at));
  const all = differencesOf([wild, calm, steady("steady"), jump], WINDOW);
  expect(kinds(all)).toEqual(["jump moved", "calm moved"]);
  expect(all.alike).toBe(2);
});

test("one spike is no difference", () => {
  expect(differencesOf([series("s", (at) => 10 + noise(at), (at) => (at === 15 ? 1_000 : 10 + noise(at)))], WINDOW).found).toEqual([]);
});

test("series that appear and that vanish are told, with when", () => {
  const all = differencesOf([series("new", () => Number.NaN, () => 7), series("gone", () => 3, () => Number.NaN)], WINDOW);
  expect(all.found).toEqual([
    { name: "new", index: 0, kind: "appeared", score: 20, value: 7, at: 1_100 },
    { name: "gone", index: 1, kind: "vanished", score: 20, value: 3, at: 1_000 },
  ]);
});

test("what had not moved before is not said to have jumped by a thousandth", () => {
  expect(differencesOf([series("s", () => 100, () => 100.1)], WINDOW).found).toEqual([]);
  expect(differencesOf([series("s", () => 0, () => 5)], WINDOW).found).toMatchObject([{ times: Number.POSITIVE_INFINITY, now: 5 }]);
});

test("a step of what is told in whole numbers is no difference", () => {
  const idle = { ...series("idle", () => 1, () => 2), grain: 1 };
  const busy = { ...series("busy", () => 1, () => 60), grain: 1 };
  expect(kinds(differencesOf([idle, busy], WINDOW))).toEqual(["busy moved"]);
});

test("of a counter its increases are compared, over a restart too", () => {
  const total = { __name__: "http_requests_total" };
  const even = series("even", (at) => at * 10, (at) => (at < 15 ? at * 10 : (at - 15) * 10), total);
  const faster = series("faster", (at) => at * 10, (at) => 100 + (at - 10) * 70, total);
  const all = differencesOf([even, faster], WINDOW);
  expect(all.found).toMatchObject([{ name: "faster", before: 10, now: 70, isIncrease: true }]);
  expect(all.alike).toBe(1);
});

test("too few values say nothing", () => {
  const few = series("few", (at) => (at < 3 ? 1 : Number.NaN), () => 9);
  expect(differencesOf([few], WINDOW)).toEqual({ found: [], left: 0, alike: 0, tooFew: 1 });
  expect(headlineOf(differencesOf([few], WINDOW))).toMatch(/^There are too few values/);
});

test("ten are told, and how many are left", () => {
  const many = Array.from({ length: 14 }, (_, no) => series(`s${no}`, (at) => 10 + noise(at), (at) => 40 + no + noise(at)));
  const all = differencesOf([...many, steady("steady")], WINDOW);
  expect(all.found).toHaveLength(MOST_TOLD);
  expect(all.found[0]!.name).toBe("s13");
  expect(headlineOf(all)).toBe("14 of 15 series differ from before.");
  expect(caveatsOf(all)).toEqual(["4 others differ less.", "1 other is as before."]);
});

test("nothing at all, and nothing unusual, are told apart", () => {
  expect(headlineOf(differencesOf([], WINDOW))).toBe("There is no series in this window, nor before it.");
  expect(headlineOf(differencesOf([steady("a"), steady("b")], WINDOW))).toBe("Nothing stands out: 2 series are as before.");
});

test("a difference in words, with numbers", () => {
  const clock = (at: number) => `t${at}`;
  const moved = { name: "s", index: 0, score: 12, kind: "moved", before: 2, now: 9.5, times: 12.3, isIncrease: false } as const;
  expect(differenceInWords(moved, "cores", clock)).toBe("rose from 2 to 9.5 (375 % more), 12 times as far as it usually strays");
  expect(differenceInWords({ ...moved, before: 0, times: Number.POSITIVE_INFINITY }, "none", clock)).toBe("rose from 0 to 9.5, and had hardly moved before");
  expect(differenceInWords({ ...moved, before: 9.5, now: 2, times: 4.25, isIncrease: true }, "none", clock)).toBe(
    "its increase from point to point fell from 9.5 to 2 (79 % less), 4.3 times as far as it usually strays",
  );
  expect(differenceInWords({ name: "s", index: 0, score: 20, kind: "vanished", value: 3, at: 5 }, "none", clock)).toBe("has no more values since t5; it was around 3");
});
