import { expect, test } from "vitest";

import { safeLink } from "@/features/alerts/detail/around";

test("only links of the web are followed", () => {
  expect(safeLink("https://runbooks.example/a b")).toBe("https://runbooks.example/a%20b");
  expect(safeLink("javascript:alert(1)")).toBeUndefined();
  expect(safeLink("data:text/html,x")).toBeUndefined();
  expect(safeLink("runbook 7")).toBeUndefined();
});
