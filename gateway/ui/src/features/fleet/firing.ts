/** Alerts that fire now and that nothing holds back: by severity, and by name over all clusters. */

import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";

import { useListAlertGroups, useListAlerts } from "@/generated/api";
import type { AlertGroup, BySeverity, LastingName, Severity } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";

export interface FiringGroup {
  alertname: string;
  severity: Severity;
  count: number;
  /** When the newest of them began. */
  newest: string;
  /** When the first of them began. */
  oldest: string;
  /** On how many clusters they are, and those of them that were read. */
  clusters: number;
  named: readonly { id: string; name: string }[];
  /** Counting has stopped at a bound: there may be more. */
  atLeast: boolean;
}

/** Groups of one severity; `more`: so many pairs of name and cluster are not in them. */
export interface FiringGroups {
  groups: readonly FiringGroup[];
  more: number;
}

/** So many pairs of name and cluster of each severity. */
const PAIRS = 100;

const NOT_HELD = { state: ["FIRING"], silenced: false, inhibited: false };
const KEPT = { query: { placeholderData: keepPreviousData } };

/** The same in the URL of the page of alerts. */
export const heard = (search: { severity?: Severity; alertname?: string } = {}) => ({
  state: "FIRING",
  silenced: "false",
  inhibited: "false",
  ...search,
});

export interface Firing {
  /** Undefined until all are read. */
  by: BySeverity | undefined;
  /** Of these there may be more: counting has stopped at a bound. */
  atLeast: ReadonlySet<Severity>;
  /** How many more fire that are silenced or inhibited; undefined where that is not known. */
  held: number | undefined;
  error: Error | null;
}

/** How many fire by severity: each is counted by itself, as a bound over all may be reached before the worst. */
export function useFiring(): Firing {
  const asOf = useAsOf();
  const critical = useListAlerts({ ...NOT_HELD, severity: ["CRITICAL"], page_size: 1, ...asOf }, KEPT);
  const warning = useListAlerts({ ...NOT_HELD, severity: ["WARNING"], page_size: 1, ...asOf }, KEPT);
  const info = useListAlerts({ ...NOT_HELD, severity: ["INFO"], page_size: 1, ...asOf }, KEPT);
  const all = useListAlerts({ state: ["FIRING"], page_size: 1, ...asOf }, KEPT);
  const error = critical.error ?? warning.error ?? info.error;
  const read = { CRITICAL: critical.data, WARNING: warning.data, INFO: info.data };
  const atLeast = new Set((Object.keys(read) as Severity[]).filter((severity) => read[severity]?.total_at_least));
  if (!critical.data || !warning.data || !info.data) return { by: undefined, atLeast, held: undefined, error };
  const by = { CRITICAL: critical.data.total, WARNING: warning.data.total, INFO: info.data.total };
  const exact = all.data !== undefined && !all.data.total_at_least && atLeast.size === 0;
  const held = exact ? Math.max(0, all.data.total - by.CRITICAL - by.WARNING - by.INFO) : undefined;
  return { by, atLeast, held, error };
}

/** So many alerts of one name fire in one cluster. */
export interface Pair {
  alertname: string;
  cluster: { id: string; name: string };
  count: number;
  newest: string;
  oldest: string;
}

export interface Pairs {
  severity: Severity;
  pairs: readonly Pair[];
  /** So many were not read. */
  more: number;
  atLeast: boolean;
}

/** What fires of one severity, by name and cluster. */
export function useFiringPairs(severity: Severity) {
  const asked = { ...NOT_HELD, severity: [severity], ...useAsOf() };
  const { data, error } = useListAlertGroups({ ...asked, by: ["alertname", "cluster_id"], page_size: PAIRS }, KEPT);
  const found = useMemo((): Pairs | undefined => {
    if (!data) return undefined;
    return { severity, pairs: data.items.map(pairOf), more: data.total - data.items.length, atLeast: data.at_least };
  }, [severity, data]);
  return { found, error };
}

function pairOf({ key, count, cluster_name: name, newest_starts_at: newest, oldest_start: oldest }: AlertGroup): Pair {
  const id = key["cluster_id"] ?? "";
  return { alertname: key["alertname"] ?? "", cluster: { id, name: name ?? id }, count, newest, oldest };
}

/** How the hub names states; alerts are named by people. */
const STATE = /^[A-Z0-9]+(?:_[A-Z0-9]+)+$/;

/** Those that belong to none of the incidents that are open, by name. `lasting`: what lasts in these. */
export function notInIncidents({ severity, pairs, more, atLeast }: Pairs, lasting: readonly LastingName[]): FiringGroups {
  const belonging = new Map<string, number>();
  for (const { cluster_id, severity: of, name, lasting: times } of lasting) {
    if (of === severity && !STATE.test(name)) belonging.set(`${cluster_id} ${name}`, times);
  }
  const left = pairs.flatMap((pair) => {
    const key = `${pair.cluster.id} ${pair.alertname}`;
    const count = pair.count - (belonging.get(key) ?? 0);
    belonging.delete(key);
    return count > 0 ? [{ ...pair, count }] : [];
  });
  // What is left of the names belongs to pairs that were not read.
  return { groups: byName(severity, left, atLeast || more > 0), more: Math.max(0, more - belonging.size) };
}

function byName(severity: Severity, pairs: readonly Pair[], atLeast: boolean): FiringGroup[] {
  const groups = [...Map.groupBy(pairs, ({ alertname }) => alertname)].map(([alertname, those]) => {
    const newest = those.reduce((late, { newest }) => (newest > late ? newest : late), "");
    const oldest = those.reduce((early, { oldest }) => (oldest < early ? oldest : early), newest);
    const count = those.reduce((sum, each) => sum + each.count, 0);
    return { alertname, severity, count, newest, oldest, clusters: those.length, named: those.map(({ cluster }) => cluster), atLeast };
  });
  return groups.toSorted((a, b) => b.count - a.count);
}
