import { expect, test } from "vitest";

import type { Role } from "@/generated/api.schemas";
import { reachOf, rightsOf } from "@/lib/rights";

const who = (role: Role | null, clusters: string[] | "all") => ({
  user: "ann",
  role,
  clusters: clusters === "all" ? [] : clusters,
  everywhere: clusters === "all",
});

test.each<[Role | null, string[] | "all", rules: boolean, manages: boolean, operates: boolean]>([
  ["admin", "all", true, true, true],
  ["admin", ["c1"], false, true, true],
  ["operator", "all", false, false, true],
  ["operator", ["c1"], false, false, true],
  ["viewer", "all", false, false, false],
  ["ingest", ["c1"], false, false, false],
  [null, [], false, false, false],
])("%s of %j", (role, clusters, rules, manages, operates) => {
  const rights = rightsOf(who(role, clusters));
  expect(rights.rules).toBe(rules);
  expect([rights.manages(), rights.manages("c1")]).toEqual([manages, manages]);
  expect([rights.operates(), rights.operates("c1")]).toEqual([operates, operates]);
});

test("a role for some clusters counts for no other, and for nothing that is of none", () => {
  const rights = rightsOf(who("admin", ["c1"]));
  expect([rights.manages("c2"), rights.operates("c2"), rights.manages(null)]).toEqual([false, false, false]);
});

test("an empty list alone is not all clusters", () => {
  const rights = rightsOf(who("operator", []));
  expect([rights.rules, rights.operates("c1")]).toEqual([false, false]);
});

test("until it is known who is here nothing may be done", () => {
  const rights = rightsOf(undefined);
  expect([rights.rules, rights.manages(), rights.operates("c1")]).toEqual([false, false, false]);
});

test.each<[Role, string[] | "all", string]>([
  ["admin", "all", "all clusters"],
  ["viewer", ["c1"], "edge-1"],
  ["ingest", [], "all clusters"],
  ["viewer", [], "some clusters"],
])("%s of %j is told as such", (role, clusters, said) => {
  expect(reachOf(who(role, clusters), "edge-1")).toBe(said);
});
