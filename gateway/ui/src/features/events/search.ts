/** What the events page reads from its URL; filters are named as in the API. */

import { EventName } from "@/generated/api.schemas";
import { flag, number, someOf, text, uuid, type Raw } from "@/lib/search";

/** Which events are shown; what is left out does not restrict. */
export interface EventFilter {
  event_type?: EventName[] | undefined;
  cluster_id?: string | undefined;
  entity_type?: string | undefined;
  entity_id?: string | undefined;
  correlation_id?: string | undefined;
}

export interface EventsSearch extends EventFilter {
  /** The sequence of the event that is open beside the list. */
  event?: number | undefined;
  /** Health checks, which are not kept, are shown below. */
  telemetry?: boolean | undefined;
}

export function readEventsSearch(raw: Raw): EventsSearch {
  const event = number(raw["event"]);
  return {
    event_type: someOf(raw["event_type"], Object.values(EventName)),
    cluster_id: text(raw["cluster_id"]),
    entity_type: text(raw["entity_type"]),
    entity_id: text(raw["entity_id"]),
    correlation_id: uuid(raw["correlation_id"]),
    event: event !== undefined && Number.isSafeInteger(event) && event > 0 ? event : undefined,
    telemetry: flag(raw["telemetry"]) || undefined,
  };
}
