import { expect, test } from "vitest";

import { labelsOf, matchersOf } from "@/features/alerts/silences/silence-words";

const matcher = (is_equal: boolean, is_regex: boolean) => ({ name: "pod", value: "api.*", is_equal, is_regex });

test("matchers are written as Prometheus writes them", () => {
  const matchers = [matcher(true, false), matcher(true, true), matcher(false, false), matcher(false, true)];
  expect(matchersOf({ matchers })).toBe('pod="api.*", pod=~"api.*", pod!="api.*", pod!~"api.*"');
});

test("only plain matchers can be looked for as labels", () => {
  expect(labelsOf({ matchers: [matcher(true, false)] })).toEqual(["pod=api.*"]);
  expect(labelsOf({ matchers: [matcher(true, false), matcher(true, true)] })).toBeUndefined();
  expect(labelsOf({ matchers: [{ ...matcher(true, false), value: "" }] })).toBeUndefined();
});
