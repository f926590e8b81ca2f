/** Incidents and their signals in words. */

import type { NamedCluster, SignalKind } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";

/** Everything that changes an incident. */
export const INCIDENT_EVENTS = [
  "INCIDENT_OPENED",
  "INCIDENT_UPDATED",
  "INCIDENT_ACKNOWLEDGED",
  "INCIDENT_RESOLVED",
  "INCIDENT_REOPENED",
  "INCIDENT_MERGED",
  "INCIDENT_SPLIT",
];

export const KIND_NAMES: Readonly<Record<SignalKind, string>> = {
  ALERT: "Alert",
  ANOMALY: "Anomaly",
  STATUS: "State",
};

const OWN = "service:";

/** Who did it, as a sentence begins; what the hub does by itself is not somebody. */
export const doer = (actor: string): string => (actor.startsWith(OWN) ? "The hub" : actor);

export const isHub = (actor: string): boolean => actor.startsWith(OWN);

export const clusterName = ({ id, name }: NamedCluster): string => name ?? id.slice(0, 8);

/** `edge-1, edge-2 and 3 more`. */
export function clustersInWords(clusters: readonly NamedCluster[], most = 2): string {
  const names = clusters.map(clusterName);
  if (names.length <= most + 1) return names.join(", ");
  return `${names.slice(0, most).join(", ")} and ${count(names.length - most)} more`;
}

/** `312 last`, `all ended`: of so many. */
export function shareInWords(signals: number, lasting: number): string {
  if (lasting === 0) return signals === 1 ? "ended" : "all ended";
  if (lasting === signals) return signals === 1 ? "lasts" : "all last";
  return `${count(lasting)} ${lasting === 1 ? "lasts" : "last"}`;
}

/** `400 signals, 312 last`. */
export const lastingInWords = (signals: number, lasting: number): string =>
  signals === 0 ? "no signals" : `${plural(signals, "signal")}, ${shareInWords(signals, lasting)}`;
