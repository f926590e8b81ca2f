/** The newest events as they come, and the list that they make with the history below them. */

import { entityOf, type LogEvent } from "@/features/events/event";
import type { EventFilter } from "@/features/events/search";

/** Rows in the list, and events that are kept of what has come. */
export const MOST = 5_000;

export interface Tail {
  /** Of all that came while the page is shown, newest first. */
  events: readonly LogEvent[];
  /** Rises when older ones were dropped: history has to be read anew to reach up to the rest. */
  generation: number;
}

export const NOTHING: Tail = { events: [], generation: 0 };

/** With a batch, which is oldest first; beyond `MOST` only the newer half stays. */
export function grown({ events, generation }: Tail, batch: readonly LogEvent[]): Tail {
  const all = [...batch.toReversed(), ...events];
  if (all.length <= MOST) return { events: all, generation };
  return { events: all.slice(0, MOST / 2), generation: generation + 1 };
}

/** What the hub would let through, asked of one event. */
export function matches(event: LogEvent, filter: EventFilter): boolean {
  const { event_type, cluster_id, entity_type, entity_id, correlation_id } = filter;
  if (event_type && !(event_type as readonly string[]).includes(event.event_type)) return false;
  if (cluster_id && event.cluster_id !== cluster_id) return false;
  if (correlation_id && event.correlation_id !== correlation_id) return false;
  if (!entity_type && !entity_id) return true;
  const entity = entityOf(event);
  return (!entity_type || entity?.type === entity_type) && (!entity_id || entity?.id === entity_id);
}

/**
 * Newest first, each once, at most `MOST`. What is told of the past passes the filter already, unless it is the answer
 * to an earlier question (`stale`).
 */
export function joined(
  tail: readonly LogEvent[],
  history: readonly LogEvent[],
  filter: EventFilter,
  stale: boolean,
): LogEvent[] {
  const all = new Map<number, LogEvent>();
  const add = (event: LogEvent) => event.sequence !== null && all.set(event.sequence, event);
  for (const event of history) if (!stale || matches(event, filter)) add(event);
  for (const event of tail) if (matches(event, filter)) add(event);
  return [...all.values()].toSorted((a, b) => b.sequence! - a.sequence!).slice(0, MOST);
}
