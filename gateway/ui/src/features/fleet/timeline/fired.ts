/** What fired in a window of time: by alert, and by cluster. */

import type { ExplainedCluster } from "@/components/explain/what-was-wrong";
import type { Window } from "@/components/explain/differences";
import type { Happening } from "@/features/fleet/happening";
import { Severity } from "@/generated/api.schemas";

export interface FiredAlert {
  name: string;
  /** The worst with which it fired. */
  severity: Severity;
  times: number;
  /** In how many clusters, as far as they are told. */
  clusters: number;
}

export interface Fired {
  /** The worst first, of these the most frequent. */
  alerts: FiredAlert[];
  /** Those in which most of the worst fired first. */
  clusters: ExplainedCluster[];
}

const SEVERITIES = Object.values(Severity);
/** The worst first. */
const rank = (severity: Severity) => SEVERITIES.indexOf(severity);

export function firedIn(events: readonly Happening[], { start, end }: Window): Fired {
  const fired = events.filter(({ type, at, renewed }) => type === "ALERT_FIRED" && !renewed && at >= start && at < end);
  return { alerts: alertsOf(fired), clusters: clustersOf(fired) };
}

function alertsOf(fired: readonly Happening[]): FiredAlert[] {
  const all = new Map<string, { severity: Severity; times: number; clusters: Set<string> }>();
  for (const { alertname = "without a name", severity = "INFO", cluster } of fired) {
    const one = all.get(alertname) ?? { severity, times: 0, clusters: new Set() };
    one.times += 1;
    if (rank(severity) < rank(one.severity)) one.severity = severity;
    if (cluster !== null) one.clusters.add(cluster);
    all.set(alertname, one);
  }
  return [...all]
    .map(([name, { clusters, ...one }]) => ({ ...one, name, clusters: clusters.size }))
    .toSorted((a, b) => rank(a.severity) - rank(b.severity) || b.times - a.times || a.name.localeCompare(b.name));
}

function clustersOf(fired: readonly Happening[]): ExplainedCluster[] {
  const all = new Map<string, { name: string; counts: number[] }>();
  for (const { cluster, clusterName, severity = "INFO" } of fired) {
    if (cluster === null) continue;
    const one = all.get(cluster) ?? { name: clusterName ?? cluster.slice(0, 8), counts: SEVERITIES.map(() => 0) };
    one.counts[rank(severity)]! += 1;
    all.set(cluster, one);
  }
  return [...all]
    .toSorted(([, a], [, b]) => b.counts.map((times, at) => times - a.counts[at]!).find((more) => more !== 0) ?? a.name.localeCompare(b.name))
    .map(([id, { name }]) => ({ id, name }));
}
