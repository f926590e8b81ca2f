import { expect, test } from "vitest";

import { find, merged, missing, order, told } from "@/features/alerts/list/loaded";
import { alert, event } from "@/features/alerts/testing";

const at = (minute: number, id: string) => alert(id, { starts_at: `2026-01-31T12:${String(minute).padStart(2, "0")}:00Z` });
const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).join("");

test("rows of several pages are one list, each alert once", () => {
  expect(ids(merged([[at(9, "a"), at(8, "b")], [at(8, "b"), at(7, "c")]], new Map()))).toBe("abc");
});

test("what is told takes the place of what was read, and news stand where they belong", () => {
  const changed = { ...at(8, "b"), state: "RESOLVED" as const };
  const rows = merged([[at(9, "a"), at(8, "b"), at(5, "d")]], new Map([["b", changed], ["c", at(7, "c")], ["z", at(10, "z")]]));
  expect(ids(rows)).toBe("zabcd");
  expect(rows[2]).toBe(changed);
});

test("rows that nothing was told of stay the same objects", () => {
  const [a, b] = [at(9, "a"), at(8, "b")];
  const rows = merged([[a, b]], new Map([["b", { ...b, flapping: true }]]));
  expect(rows[0]).toBe(a);
});

test("times are compared as times, not as texts", () => {
  const zoned = alert("x", { starts_at: "2026-01-31T12:00:00.500Z" });
  expect(order(zoned, alert("y", { starts_at: "2026-01-31T12:00:00Z" }))).toBeLessThan(0);
  expect(order(alert("b"), alert("a"))).toBeLessThan(0);
});

test("new is what would stand among the rows, not what follows the last one that is loaded", () => {
  const newest = [at(10, "n"), at(9, "a"), at(1, "older")];
  const pages = [[at(9, "a"), at(5, "b")]];
  expect(missing(newest, pages, false)).toBe(1);
  expect(missing(newest, pages, true)).toBe(2);
});

test("an alert is found on any page", () => {
  const b = at(5, "b");
  expect(find([[at(9, "a")], [b]], "b")).toBe(b);
  expect(find([[b]], "c")).toBeUndefined();
});

test("an end is told with its time and why", () => {
  const row = alert("a", { occurrences: 7 });
  const ended = { ...row, state: "RESOLVED" as const, ends_at: "2026-01-31T12:20:00Z" };
  expect(told(row, event("ALERT_RESOLVED", ended, { ending: "GONE" }))).toMatchObject({
    state: "RESOLVED",
    ends_at: "2026-01-31T12:20:00Z",
    ending: "GONE",
    occurrences: 7,
  });
});

test("silencing and its end are told", () => {
  const silenced = told(alert("a"), event("ALERT_SILENCED", alert("a"), { silenced_by: ["s"] }));
  expect(silenced).toMatchObject({ silenced: true, silenced_by: ["s"], inhibited: false });
  expect(told(silenced, event("ALERT_UNSILENCED", alert("a")))).toMatchObject({ silenced: false, silenced_by: [] });
});

test("thousands of news are merged at once", () => {
  const when = (second: number) => new Date(Date.parse("2026-01-31T12:00:00Z") + second * 1000).toISOString();
  const news = Array.from({ length: 5_000 }, (_, each) => alert(`n${each}`, { starts_at: when(each) }));
  const rows = merged([[alert("old", { starts_at: "2026-01-01T00:00:00Z" })]], new Map(news.map((row) => [row.id, row])));
  expect(rows).toHaveLength(5_001);
  expect([rows[0]!.id, rows[4_999]!.id, rows[5_000]!.id]).toEqual(["n4999", "n0", "old"]);
});
