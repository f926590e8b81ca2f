import { expect, test } from "vitest";

import { pageOf, PAGES, pagesFor } from "@/lib/pages";
import { rightsOf } from "@/lib/rights";
import { somebody } from "@/testing/hub";

const paths = (role: "admin" | "operator", clusters: string[] = []) =>
  pagesFor(rightsOf(somebody({ role, clusters }))).map(({ to }) => to);

test("only administrators of all clusters are led to operations and audit", () => {
  expect(paths("admin")).toEqual(PAGES.map(({ to }) => to));
  const others = PAGES.map(({ to }) => to).filter((to) => to !== "/operations" && to !== "/audit");
  expect(paths("admin", ["c1"])).toEqual(others);
  expect(paths("operator")).toEqual(others);
});

test("a page has its title for everybody, and its key for itself", () => {
  expect(pageOf("/audit")?.title).toBe("Audit");
  expect(new Set(PAGES.map(({ key }) => key)).size).toBe(PAGES.length);
});
