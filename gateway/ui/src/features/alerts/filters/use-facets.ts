import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { atTime, type Asked } from "@/features/alerts/filters/asked";
import { ALERT_EVENTS } from "@/features/alerts/list/loaded";
import { getAlertFacets } from "@/generated/api";
import { useRefreshOn } from "@/lib/refresh";

/** Counting costs the hub more than a page: it is asked no more often, whatever comes. */
export const COUNTED_EACH_MS = 2_000;
const KEY = "alert facets";

/** How the alerts spread over values. */
export function useFacets(asked: Asked, { live, enabled }: { live: boolean; enabled: boolean }) {
  useRefreshOn({ types: ALERT_EVENTS, enabled: live && enabled }, [KEY], COUNTED_EACH_MS);
  return useQuery({
    enabled,
    queryKey: [KEY, asked.params, asked.range ?? null],
    queryFn: ({ signal }) => {
      const now = asked.params.as_of ? Date.parse(asked.params.as_of) : Date.now();
      return getAlertFacets({ ...atTime(asked, now), top: 20 }, { signal });
    },
    placeholderData: keepPreviousData,
  });
}
