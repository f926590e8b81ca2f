/** What fires now, counted: for the tab's title, the navigation and the palette. */

import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { getGetAlertFacetsQueryKey, useGetAlertFacets, useListAlerts } from "@/generated/api";
import type { FacetCount } from "@/generated/api.schemas";
import { useLiveEvents } from "@/lib/live";
import { useAsOf } from "@/lib/moment";

const TYPES = ["ALERT_FIRED", "ALERT_RESOLVED", "ALERT_SILENCED", "ALERT_UNSILENCED", "CLUSTER_DELETED"];
/** Not in a hurry: pages show at once what they show. */
const AFTER_MS = 2_000;
/** A key of its own: the lists of pages are read again when they want to be. */
const CRITICAL = "critical alerts";

/** Of alerts that fire and that nobody has silenced. */
function useAsked() {
  const asOf = useAsOf();
  const options = {
    staleTime: AFTER_MS,
    placeholderData: keepPreviousData,
    refetchInterval: asOf.as_of === undefined ? 60_000 : (false as const),
  };
  return { asked: { state: ["FIRING"], silenced: false, inhibited: false, ...asOf }, options };
}

/** How many are critical. Counted by themselves: among all others counting would stop before it had come to them. */
export function useCritical(): { count: number; atLeast: boolean } {
  const { asked, options } = useAsked();
  const params = { ...asked, severity: ["CRITICAL"], page_size: 1 };
  const { data } = useListAlerts(params, { query: { ...options, queryKey: [CRITICAL, params] } });
  return { count: data?.total ?? 0, atLeast: data?.total_at_least ?? false };
}

/** Their names, the most numerous first. */
export function useFiringNames(): readonly FacetCount[] {
  const { asked, options } = useAsked();
  return useGetAlertFacets(asked, { query: options }).data?.alertname ?? [];
}

/** Counts again a while after alerts have changed; once in the app. */
export function useFiringFollowed(): void {
  const { as_of } = useAsOf();
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useLiveEvents({ types: TYPES, enabled: as_of === undefined }, () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void client.invalidateQueries({ queryKey: getGetAlertFacetsQueryKey().slice(0, 1) });
      void client.invalidateQueries({ queryKey: [CRITICAL] });
    }, AFTER_MS);
  });
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
}
