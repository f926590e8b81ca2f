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
  clusters: readonly { id: string; name: string }[];
  /** There are more clusters than were read. */
  partial: boolean;
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

/** How many fire by severity; `held`: how many more fire that are silenced or inhibited. */
export function useFiring() {
  const asOf = useAsOf();
  const listed = useListAlerts({ ...NOT_HELD, page_size: 1, ...asOf }, KEPT);
  const all = useListAlerts({ state: ["FIRING"], page_size: 1, ...asOf }, KEPT);
  const firing: BySeverity | undefined = listed.data?.by_severity;
  const held = listed.data && all.data ? Math.max(0, all.data.total - listed.data.total) : 0;
  return { firing, held, atLeast: listed.data?.total_at_least ?? false, error: listed.error, retry: listed.refetch };
}

export function useFiringGroups(severity: Severity) {
  const asked = { ...NOT_HELD, severity: [severity], ...useAsOf() };
  const names = useListAlertGroups({ ...asked, by: ["alertname"], page_size: NAMES }, KEPT);
  const pairs = useListAlertGroups({ ...asked, by: ["alertname", "cluster_id"], page_size: PAIRS }, KEPT);
  const groups = useMemo(
    () => names.data && pairs.data && joined(severity, names.data.items, pairs.data.items, pairs.data.total),
    [severity, names.data, pairs.data],
  );
  return { groups, error: names.error ?? pairs.error };
}

/** Each name with its clusters; the two were read one after the other, so that they may differ a little. */
export function joined(
  severity: Severity,
  names: readonly AlertGroup[],
  pairs: readonly AlertGroup[],
  pairsInAll: number,
): FiringGroup[] {
  const where = Map.groupBy(pairs, ({ key }) => key["alertname"] ?? "");
  const partial = pairsInAll > pairs.length;
  return names.map(({ key, count, newest_starts_at: newest }) => {
    const alertname = key["alertname"] ?? "";
    const found = where.get(alertname) ?? [];
    const clusters = found.map(({ key, cluster_name: name }) => {
      const id = key["cluster_id"] ?? "";
      return { id, name: name ?? id };
    });
    const complete = !partial || found.reduce((sum, pair) => sum + pair.count, 0) >= count;
    return { alertname, severity, count, newest, clusters, partial: !complete || clusters.length === 0 };
  });
}
