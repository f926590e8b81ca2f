import { expect, test } from "vitest";

import { isTag, traceqlOf } from "@/features/observability/traces/traceql";

test("nothing wanted is any trace", () => {
  expect(traceqlOf({})).toBe("{}");
  expect(traceqlOf({ service: "*" })).toBe("{}");
});

test("all parts must hold for one span", () => {
  expect(traceqlOf({ service: "shop", operation: "GET /c?rt*", min: 100, max: 2_000, errors: true })).toBe(
    '{ resource.service.name = "shop" && name =~ "^GET /c.rt.*$" && traceDuration >= 100ms && traceDuration <= 2000ms && status = error }',
  );
});

test("what may be a number or a boolean is looked for as both, all else as text", () => {
  expect(traceqlOf({ tag: ["http.status=500", "span.db.name=a\"b", "x=true"] })).toBe(
    String.raw`{ (.http.status = "500" || .http.status = 500) && span.db.name = "a\"b" && (.x = "true" || .x = true) }`,
  );
});

test("what somebody types cannot leave its string", () => {
  expect(traceqlOf({ service: '" } || { true' })).toBe(String.raw`{ resource.service.name = "\" } || { true" }`);
  expect(traceqlOf({ tag: ["a} || {b=1", "nothing"] })).toBe("{}");
});

test.each([
  ["http.route=/cart", true],
  ["http.route", false],
  ["=x", false],
  ["a b=c", false],
])("%s is a tag: %s", (text, is) => {
  expect(isTag(text)).toBe(is);
});
