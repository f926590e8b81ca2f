/** What is wrong beside health and alerts, by the log: links of sites, circuits, credentials that end. */

import type { Happening } from "@/features/fleet/happening";
import type { EventName } from "@/generated/api.schemas";

/** Each begins or ends a signal, and the last word counts. */
export const SIGNAL_TYPES: readonly EventName[] = [
  "EDGE_LINK_LOST",
  "EDGE_LINK_RESTORED",
  "BACKEND_CIRCUIT_OPENED",
  "BACKEND_CIRCUIT_CLOSED",
  "CLUSTER_CREDENTIALS_EXPIRING",
  "CLUSTER_CREDENTIALS_UPDATED",
  "CLUSTER_CREDENTIALS_DELETED",
  "CLUSTER_DELETED",
];

const BEGINNINGS: ReadonlySet<EventName> = new Set<EventName>([
  "EDGE_LINK_LOST",
  "BACKEND_CIRCUIT_OPENED",
  "CLUSTER_CREDENTIALS_EXPIRING",
]);

function subjectOf({ type, cluster, site, backend }: Happening): string {
  if (type.startsWith("EDGE_LINK")) return `link ${site}`;
  if (type.startsWith("BACKEND_CIRCUIT")) return `circuit ${cluster} ${backend}`;
  return `credentials ${cluster}`;
}

/** Those that have begun and not ended. `log`: newest first. */
export function openSignals(log: readonly Happening[]): Happening[] {
  const settled = new Set<string>();
  const deleted = new Set<string | null>();
  const open: Happening[] = [];
  for (const event of log) {
    if (event.type === "CLUSTER_DELETED") deleted.add(event.cluster);
    const subject = subjectOf(event);
    if (settled.has(subject)) continue;
    settled.add(subject);
    const alive = event.cluster === null || !deleted.has(event.cluster);
    if (alive && BEGINNINGS.has(event.type)) open.push(event);
  }
  return open;
}
