import { expect, test } from "vitest";

import { worthLoadingAnew } from "@/app/renewed";

test("the page is loaded anew once, and again only much later", () => {
  expect(worthLoadingAnew(1_000_000)).toBe(true);
  expect(worthLoadingAnew(1_005_000)).toBe(false);
  expect(worthLoadingAnew(2_000_000)).toBe(true);
});
