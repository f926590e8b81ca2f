/** Live connections with what each is told, joined from the two lists of the hub. */

import type { LiveClient, SubscriptionState } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

export interface Client extends LiveClient {
  told: readonly SubscriptionState[];
  /** Events that the slowest of its subscriptions is behind; null if that is not known. */
  behind: number | null;
}

export function clientsOf(clients: readonly LiveClient[], subscriptions: readonly SubscriptionState[]): Client[] {
  const byClient = Map.groupBy(subscriptions, ({ client_id }) => client_id);
  return clients.map((client) => {
    const told = byClient.get(client.client_id) ?? [];
    const lags = told.map(({ lag }) => lag).filter((lag) => lag !== null);
    return { ...client, told, behind: lags.length > 0 ? Math.max(...lags) : null };
  });
}

/** Its socket takes nothing: after half a minute it is cut off. */
const STALLED_SECONDS = 5;

export type Pace = "slow" | "catching up" | "live";

export function paceOf({ stalled_seconds, told }: Client): Pace {
  if (stalled_seconds >= STALLED_SECONDS) return "slow";
  return told.some(({ state }) => state !== "live") ? "catching up" : "live";
}

/** `19 types, 2 clusters`; `everything` without any filter. */
export function wantsOf({ event_types, cluster_filter, namespace_filter, entity_filter }: SubscriptionState): string {
  const said = [
    event_types.length > 0 && plural(event_types.length, "type"),
    cluster_filter.length > 0 && plural(cluster_filter.length, "cluster"),
    namespace_filter.length > 0 && plural(namespace_filter.length, "namespace"),
    entity_filter.length > 0 && plural(entity_filter.length, "entity", "entities"),
  ].filter(Boolean);
  return said.length > 0 ? said.join(", ") : "everything";
}
