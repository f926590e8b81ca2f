/** The filters of the URL as one object, the same one until they change. */

import { useMemo } from "react";

import type { EventFilter, EventsSearch } from "@/features/events/search";

export function useFilter(search: EventsSearch): EventFilter {
  const { event_type, cluster_id, entity_type, entity_id, correlation_id } = search;
  const types = event_type?.join();
  return useMemo(
    () => ({
      event_type: types?.split(",") as EventFilter["event_type"],
      cluster_id,
      entity_type,
      entity_id,
      correlation_id,
    }),
    [types, cluster_id, entity_type, entity_id, correlation_id],
  );
}
