import { expect, test } from "vitest";

import { headline } from "@/features/cnf/shared/headline";
import type { Overview } from "@/features/cnf/shared/overview";
import { clock, clocksOf, port, portsOf, resource, resourcesOf, workload, workloadsOf } from "@/features/cnf/testing";

const read = <Data>(data: Data) => ({ data, error: null });
const overview = (changed: Partial<Overview> = {}): Overview => ({
  workloads: read(workloadsOf([workload(), workload({ pod: "du-1" })])),
  clocks: read(clocksOf([clock()])),
  functions: read(resourcesOf([resource()])),
  ports: read(portsOf([port()])),
  ...changed,
});
const said = (of: Overview) => headline(of).map(({ text, tone }) => `${tone}: ${text}`);

test("what is well is said by how many", () => {
  expect(said(overview())).toEqual([
    "success: 2 workloads run",
    "success: 1 clock locked",
    "neutral: 3 of 8 virtual functions in use",
    "success: no drops seen on 1 port",
  ]);
});

test("what has completed is not missed among those that run", () => {
  const workloads = read(workloadsOf([workload(), workload({ pod: "job", state: "SUCCEEDED" })]));
  expect(said(overview({ workloads }))[0]).toBe("success: 1 workload runs");
});

test("clocks that report no state are not counted as locked", () => {
  const clocks = read(clocksOf([clock(), clock({ interface: "ens1f0", clock_state: null })]));
  expect(said(overview({ clocks }))).toContain("success: 1 clock locked");
  expect(said(overview({ clocks }))).toContain("neutral: 1 clock reports no state");
  const none = read(clocksOf([clock({ clock_state: null })]));
  expect(said(overview({ clocks: none })).filter((each) => each.includes("locked"))).toEqual([]);
});

test("the worst state of clocks comes first and leads to it", () => {
  const clocks = read(clocksOf([clock({ clock_state: "HOLDOVER" }), clock({ clock_state: "FREERUN" }), clock()]));
  const parts = headline(overview({ clocks })).filter(({ search }) => search.tab === "clocks");
  expect(parts.map(({ text }) => text)).toEqual(["1 clock in freerun", "1 clock in holdover"]);
  expect(parts[0]!.search).toEqual({ tab: "clocks", clock_state: ["FREERUN"] });
});

test("what is not there is not said, and what was not read is", () => {
  const nothing = { clocks: read(clocksOf([])), functions: read(resourcesOf([])), ports: read(portsOf([])) };
  expect(said(overview(nothing))).toEqual(["success: 2 workloads run"]);
  const failed = { data: undefined, error: new Error("away") };
  expect(said(overview({ ...nothing, ports: failed }))).toContain("danger: DPDK ports could not be read");
});
