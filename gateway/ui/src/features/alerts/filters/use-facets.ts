import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { atTime, type Asked } from "@/features/alerts/filters/asked";
import { ALERT_EVENTS } from "@/features/alerts/list/loaded";
import { getAlertFacets } from "@/generated/api";
import { useLiveEvents } from "@/lib/live";

/** Counting costs the hub more than a page: it is asked no more often, whatever comes. */
const PAUSE_MS = 2_000;
const KEY = "alert facets";

/** How the alerts spread over values. */
export function useFacets(asked: Asked, { live, enabled }: { live: boolean; enabled: boolean }) {
  useSlowly(live && enabled, KEY);
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

/** Reads queries of a key again some time after events, at most that often. */
export function useSlowly(enabled: boolean, key: string): void {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useLiveEvents({ types: ALERT_EVENTS, enabled }, () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void client.invalidateQueries({ queryKey: [key] });
    }, PAUSE_MS);
  });
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
}
