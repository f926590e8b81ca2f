/** Alerts that fire now and that nothing holds back: by severity, and by name over all clusters. */

import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";

import { useListAlertGroups, useListAlerts } from "@/generated/api";
import type { AlertGroup, BySeverity, Severity } from "@/generated/api.schemas";
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

/** Groups of one severity; `more`: so many names are not among them. */
export interface FiringGroups {
  groups: readonly FiringGroup[];
  more: number;
}

/** So many names of each severity, and so many pairs of name and cluster. */
const NAMES = 20;
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

export function useFiringGroups(severity: Severity) {
  const asked = { ...NOT_HELD, severity: [severity], ...useAsOf() };
  const names = useListAlertGroups({ ...asked, by: ["alertname"], page_size: NAMES }, KEPT);
  const pairs = useListAlertGroups({ ...asked, by: ["alertname", "cluster_id"], page_size: PAIRS }, KEPT);
  const found = useMemo((): FiringGroups | undefined => {
    if (!names.data || !pairs.data) return undefined;
    const { items, total, at_least: atLeast } = names.data;
    return { groups: joined(severity, items, pairs.data.items, atLeast), more: total - items.length };
  }, [severity, names.data, pairs.data]);
  return { found, error: names.error ?? pairs.error };
}

/** Each name with its clusters, as far as they were read. */
export function joined(
  severity: Severity,
  names: readonly AlertGroup[],
  pairs: readonly AlertGroup[],
  atLeast: boolean,
): FiringGroup[] {
  const where = Map.groupBy(pairs, ({ key }) => key["alertname"] ?? "");
  return names.map(({ key, count, newest_starts_at: newest, oldest_start: oldest, clusters }) => {
    const alertname = key["alertname"] ?? "";
    const named = (where.get(alertname) ?? []).map(({ key, cluster_name: name }) => {
      const id = key["cluster_id"] ?? "";
      return { id, name: name ?? id };
    });
    return { alertname, severity, count, newest, oldest, clusters, named, atLeast };
  });
}
