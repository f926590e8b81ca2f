import { expect, test } from "vitest";

import type { GrantView, Role } from "@/generated/api.schemas";
import { grantsOf, reachOf, readsNoLess, readsNothing, rightsOf } from "@/lib/rights";
import { somebody } from "@/testing/hub";

const who = (role: Role | null, clusters: string[] | "all") =>
  somebody({
    role,
    clusters: clusters === "all" ? [] : clusters,
    everywhere: clusters === "all",
    grants: role === null ? [] : [{ role, clusters: clusters === "all" ? null : clusters }],
  });

/** Somebody with several roles. */
const having = (...grants: [Role, string[] | null][]) =>
  somebody({
    role: grants[0]![0],
    everywhere: grants.some(([role, clusters]) => clusters === null && role !== "ingest"),
    clusters: grants.flatMap(([, clusters]) => clusters ?? []),
    grants: grants.map(([role, clusters]) => ({ role, clusters })),
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

test("a role for clusters of which there are none yet allows nothing", () => {
  const rights = rightsOf(who("admin", []));
  expect([rights.rules, rights.manages(), rights.manages("c1"), rights.operates()]).toEqual([false, false, false, false]);
});

test("of several roles each counts for its own clusters", () => {
  const rights = rightsOf(having(["admin", ["c1"]], ["operator", ["c2"]], ["viewer", null]));
  expect(["c1", "c2", "c3"].map((cluster) => rights.manages(cluster))).toEqual([true, false, false]);
  expect(["c1", "c2", "c3"].map((cluster) => rights.operates(cluster))).toEqual([true, true, false]);
  // Reading everything makes nobody an administrator of everything.
  expect([rights.rules, rights.manages(null), rights.operates(null)]).toEqual([false, false, false]);
});

test("what another role of theirs includes is not told", () => {
  const told = (...grants: Parameters<typeof having>) => grantsOf(having(...grants)).map(({ role }) => role);
  expect(told(["admin", ["c1", "c2"]], ["operator", ["c2"]], ["viewer", null])).toEqual(["admin", "viewer"]);
  expect(told(["operator", null], ["viewer", ["c1"]])).toEqual(["operator"]);
  expect(told(["operator", ["c1"]], ["viewer", ["c1", "c2"]])).toEqual(["operator", "viewer"]);
  // Nobody who reads may post alerts for that.
  expect(told(["viewer", null], ["ingest", null])).toEqual(["viewer", "ingest"]);
});

test("it is known whether something is closed that was open before", () => {
  const some = having(["viewer", ["c1", "c2"]]);
  const all = having(["viewer", null]);
  const ruler = having(["admin", null]);
  expect([readsNoLess(all, some), readsNoLess(having(["operator", ["c1", "c2", "c3"]]), some), readsNoLess(ruler, all)]).toEqual([
    true,
    true,
    true,
  ]);
  expect([readsNoLess(some, all), readsNoLess(having(["admin", ["c1"]]), some), readsNoLess(all, ruler)]).toEqual([
    false,
    false,
    false,
  ]);
  expect(readsNoLess({ ...all, user: "bob" }, all)).toBe(false);
});

test("whoever has a role that reads may see something, also where its clusters are still to come", () => {
  expect(readsNothing(somebody({ role: null }))).toBe(true);
  expect(readsNothing(somebody({ role: "ingest" }))).toBe(true);
  expect(readsNothing(somebody({ role: "viewer", grants: [{ role: "viewer", clusters: [] }] }))).toBe(false);
  expect(readsNothing(somebody({ role: "ingest", grants: [{ role: "ingest", clusters: null }, { role: "viewer", clusters: ["c1"] }] }))).toBe(false);
});

test("until it is known who is here nothing may be done", () => {
  const rights = rightsOf(undefined);
  expect([rights.rules, rights.manages(), rights.operates("c1")]).toEqual([false, false, false]);
});

test.each<[GrantView["clusters"], string]>([
  [null, "all clusters"],
  [["c1", "c2"], "c1 and c2"],
  [[], "no cluster yet"],
])("a role for %j counts for %s", (clusters, said) => {
  expect(reachOf({ role: "viewer", clusters }, (ids) => ids.join(" and "))).toBe(said);
});
