/** All areas in one sentence: what is well by how many, what is not by what it is. */

import type { Tone } from "@/components/badges";
import type { CnfSearch, ShownClock, ShownState } from "@/features/cnf/search";
import type { Overview } from "@/features/cnf/shared/overview";
import { rate, sum } from "@/features/cnf/shared/numbers";
import { count, plural } from "@/lib/format";

export interface Part {
  text: string;
  tone: Tone;
  /** What shows it. */
  search: CnfSearch;
}

type Told<State extends string> = readonly (readonly [State, Tone, (count: number) => string])[];

const WORKLOADS: Told<ShownState> = [
  ["FAILED", "danger", (n) => `${count(n)} failed`],
  ["CRASHING", "danger", (n) => `${count(n)} crash-looping`],
  ["UNKNOWN", "warning", (n) => `${count(n)} in unknown state`],
  ["PENDING", "warning", (n) => `${count(n)} ${n === 1 ? "waits" : "wait"} to start`],
];
const CLOCKS: Told<ShownClock> = [
  ["FREERUN", "danger", (n) => `${plural(n, "clock")} in freerun`],
  ["HOLDOVER", "warning", (n) => `${plural(n, "clock")} in holdover`],
  ["UNKNOWN", "neutral", (n) => `${plural(n, "clock")} ${n === 1 ? "reports" : "report"} no state`],
];

export function headline(of: Overview): Part[] {
  return [...workloads(of.workloads), ...clocks(of.clocks), ...functions(of.functions), ...ports(of.ports)];
}

const unread = (what: string, search: CnfSearch): Part[] => [
  { text: `${what} could not be read`, tone: "danger", search },
];

function workloads({ data, error }: Overview["workloads"]): Part[] {
  if (data === undefined) return error ? unread("workloads", {}) : [];
  const { total, by_state } = data;
  const meant = total - by_state.SUCCEEDED;
  if (total === 0) return [];
  const all = by_state.RUNNING === meant;
  const said = all
    ? `${plural(meant, "workload")} ${meant === 1 ? "runs" : "run"}`
    : `${count(by_state.RUNNING)} of ${plural(meant, "workload")} ${by_state.RUNNING === 1 ? "runs" : "run"}`;
  const bad = WORKLOADS.filter(([state]) => by_state[state] > 0);
  return [
    { text: said, tone: all ? "success" : "neutral", search: {} },
    ...bad.map(([state, tone, text]) => ({ text: text(by_state[state]), tone, search: { state: [state] } })),
  ];
}

function clocks({ data, error }: Overview["clocks"]): Part[] {
  if (data === undefined) return error ? unread("clocks", { tab: "clocks" }) : [];
  const { total, by_state } = data;
  if (total === 0) return [];
  const told = CLOCKS.filter(([state]) => by_state[state] > 0).map(([state, tone, text]): Part => ({
    text: text(by_state[state]),
    tone,
    search: { tab: "clocks", clock_state: [state] },
  }));
  const bad = by_state.FREERUN + by_state.HOLDOVER;
  if (bad > 0 || by_state.LOCKED === 0) return told;
  return [{ text: `${plural(by_state.LOCKED, "clock")} locked`, tone: "success", search: { tab: "clocks" } }, ...told];
}

function functions({ data, error }: Overview["functions"]): Part[] {
  if (data === undefined) return error ? unread("virtual functions", { tab: "functions" }) : [];
  const { total, totals } = data;
  if (total === 0) return [];
  if (totals.exhausted > 0) {
    const said = `${plural(totals.exhausted, "resource")} ${totals.exhausted === 1 ? "has" : "have"} no virtual function left`;
    return [{ text: said, tone: "warning", search: { tab: "functions", exhausted: true } }];
  }
  const said = `${count(totals.used_vfs)} of ${plural(totals.allocatable_vfs, "virtual function")} in use`;
  return [{ text: said, tone: "neutral", search: { tab: "functions" } }];
}

function ports({ data, error }: Overview["ports"]): Part[] {
  if (data === undefined) return error ? unread("DPDK ports", { tab: "ports" }) : [];
  const { total, totals } = data;
  if (total === 0) return [];
  const search: CnfSearch = { tab: "ports" };
  const dropped = sum(totals.rx_dropped_per_second, totals.tx_dropped_per_second);
  if (totals.dropping > 0) {
    const said = `${plural(totals.dropping, "port")} ${totals.dropping === 1 ? "drops" : "drop"} ${rate(dropped)} packets/s`;
    return [{ text: said, tone: "warning", search: { ...search, dropping: true } }];
  }
  if (dropped === null) return [{ text: `drops of ${plural(total, "port")} not known`, tone: "neutral", search }];
  return [{ text: `no drops seen on ${plural(total, "port")}`, tone: "success", search }];
}
