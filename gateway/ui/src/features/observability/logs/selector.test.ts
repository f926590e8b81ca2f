import { expect, test } from "vitest";

import {
  asksForLines,
  matcherOf,
  readSelector,
  valuesOf,
  withMatcher,
  withMatchers,
  withWords,
} from "@/features/observability/logs/selector";

test("a selector is read wherever it stands, with strings that hold braces", () => {
  const query = 'sum(count_over_time({app="a}b", pod!~`x"y.*`} |= "{no}" [5m]))';
  const found = readSelector(query)!;
  expect(query.slice(found.start, found.end)).toBe('{app="a}b", pod!~`x"y.*`}');
  expect(found.matchers).toEqual([
    { label: "app", operator: "=", value: "a}b" },
    { label: "pod", operator: "!~", value: 'x"y.*' },
  ]);
});

test.each(["", "rate(", '{app="a', "{app=a}", '"{app=1}"'])("%s has none that can be read", (query) => {
  expect(readSelector(query)).toBeUndefined();
});

test("what a label is takes the place of what it was; what it is not is added once", () => {
  const once = withMatcher('{app="a"} |= "x"', { label: "app", operator: "=", value: "b" });
  expect(once).toBe('{app="b"} |= "x"');
  const without = withMatcher(once, { label: "app", operator: "!=", value: "c" });
  expect(without).toBe('{app="b", app!="c"} |= "x"');
  expect(withMatcher(without, { label: "app", operator: "!=", value: "c" })).toBe(without);
});

test("a query that cannot be read is left as it is; an empty one begins", () => {
  expect(withMatchers("rate(", [])).toBe("rate(");
  expect(withMatchers(" ", [{ label: "app", operator: "=", value: 'a"b' }])).toBe(String.raw`{app="a\"b"}`);
});

test("words are looked for in the lines, whatever follows", () => {
  expect(withWords('{app="a"} | json', 'say "no"')).toBe(String.raw`{app="a"} |= "say \"no\"" | json`);
});

test("several values are a pattern that means exactly them, there and back", () => {
  const values = ["a.b", "c|d", "e"];
  const matcher = matcherOf("app", values);
  expect(new RegExp(`^(?:${matcher.value})$`).test("axb")).toBe(false);
  expect(valuesOf([matcher], "app")).toEqual(values);
  expect(valuesOf([{ label: "app", operator: "=~", value: ".+" }], "app")).toEqual([]);
});

test("only what begins with a selector asks for lines", () => {
  expect(asksForLines('# all\n{app="a"}')).toBe(true);
  expect(asksForLines('rate({app="a"}[5m])')).toBe(false);
});
