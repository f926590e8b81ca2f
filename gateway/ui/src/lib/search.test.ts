import { expect, test } from "vitest";

import { flag, list, number, oneOf, parseSearch, someOf, stringifySearch, text } from "@/lib/search";

test.each([
  { state: "FIRING" },
  { state: ["FIRING", "PENDING"], q: "a b&c=d" },
  { query: 'rate(http_requests_total{code=~"5.."}[5m]) + 1', from: "now-1h" },
  { as_of: "2026-03-04T12:00:00.000Z", name: "ü / 100%" },
  {},
])("what is written into the URL is read from it: %j", (search) => {
  expect(parseSearch(stringifySearch(search))).toEqual(search);
});

test("what is not there is not written", () => {
  expect(stringifySearch({ a: undefined, b: null, c: "", d: [] })).toBe("");
});

test("times stay readable", () => {
  expect(stringifySearch({ as_of: "2026-03-04T12:00:00.000Z" })).toBe("?as_of=2026-03-04T12:00:00.000Z");
});

test("only what is allowed is let in", () => {
  expect(oneOf("b", ["a", "b"])).toBe("b");
  expect(oneOf("c", ["a", "b"])).toBeUndefined();
  expect(someOf(["c", "b", "a"], ["a", "b"])).toEqual(["a", "b"]);
  expect(someOf("c", ["a"])).toBeUndefined();
});

test("everything in a URL is text until it is read", () => {
  expect(text(["x", "y"])).toBe("x");
  expect(text("")).toBeUndefined();
  expect(list("x")).toEqual(["x"]);
  expect(list([1, "", "x"])).toEqual(["x"]);
  expect(number("1.5")).toBe(1.5);
  expect(number("many")).toBeUndefined();
  expect(flag("false")).toBe(false);
  expect(flag("yes")).toBeUndefined();
});
