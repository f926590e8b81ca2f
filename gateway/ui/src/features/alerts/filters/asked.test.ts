import { expect, test } from "vitest";

import { asked, atTime, flipped, isFiltered, surelyWanted } from "@/features/alerts/filters/asked";
import { alert } from "@/features/alerts/testing";

const RANGE = { from: "now-1h", to: "now" };
const NOW = Date.parse("2026-01-31T12:00:00Z");

test("the time range counts for the past, and for open alerts only where it was asked for", () => {
  expect(atTime(asked({}, RANGE, {}), NOW)).toEqual({});
  expect(atTime(asked({ ranged: "true" }, RANGE, {}), NOW)).toEqual({ from: "2026-01-31T11:00:00.000Z" });
  expect(atTime(asked({ tab: "history" }, { from: "now-2h", to: "now-1h" }, {}), NOW)).toEqual({
    state: ["RESOLVED"],
    from: "2026-01-31T10:00:00.000Z",
    to: "2026-01-31T11:00:00.000Z",
  });
});

test("the instant of the time machine goes with the question", () => {
  expect(asked({}, RANGE, { as_of: "2026-01-01T00:00:00Z" }).params).toEqual({ as_of: "2026-01-01T00:00:00Z" });
});

test("no namespace is asked for as an empty one, and false is not the same as nothing", () => {
  const { params } = asked({ namespace: ["-", "shop"], silenced: "false" }, RANGE, {});
  expect(params).toEqual({ namespace: ["", "shop"], silenced: false });
});

test("a value is added to a list, and taken back; an empty list is none", () => {
  expect(flipped(undefined, "a")).toEqual(["a"]);
  expect(flipped(["a", "b"], "a")).toEqual(["b"]);
  expect(flipped(["a"], "a")).toBeUndefined();
});

test("a tab or an open drawer is no filter", () => {
  expect(isFiltered({})).toBe(false);
  expect(isFiltered({ label: ["a=b"] })).toBe(true);
});

test.each([
  [{}, true],
  [{ severity: ["WARNING"], alertname: ["Alert1"], label: ["namespace=shop"] } as const, true],
  [{ severity: ["CRITICAL"] } as const, false],
  [{ namespace: ["other"] } as const, false],
  [{ label: ["namespace=other"] } as const, false],
  [{ state: ["PENDING"] } as const, false],
  // Only the hub can tell whether these hold.
  [{ q: "summary" }, false],
  [{ silenced: "true" } as const, false],
])("news that match %j without doubt: %s", (filters, wanted) => {
  const search = Object.fromEntries(
    Object.entries(filters).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  );
  expect(surelyWanted(alert("1"), asked(search, RANGE, {}))).toBe(wanted);
});

test("what was not held back by anything is wanted where silenced ones are hidden", () => {
  expect(surelyWanted(alert("1"), asked({ silenced: "false", inhibited: "false" }, RANGE, {}))).toBe(true);
});
