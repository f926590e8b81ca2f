/** What fires now, counted: for the tab's title, the navigation and the palette. */

import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { getGetAlertFacetsQueryKey, useGetAlertFacets } from "@/generated/api";
import { useLiveEvents } from "@/lib/live";
import { useAsOf } from "@/lib/moment";

const TYPES = ["ALERT_FIRED", "ALERT_RESOLVED", "ALERT_SILENCED", "ALERT_UNSILENCED", "CLUSTER_DELETED"];
/** Not in a hurry: pages show at once what they show. */
const AFTER_MS = 2_000;

/** Of alerts that fire and that nobody has silenced. */
export function useFiring() {
  const { as_of } = useAsOf();
  const asked = {
    state: ["FIRING"],
    silenced: false,
    inhibited: false,
    ...(as_of === undefined ? {} : { as_of }),
  };
  const { data } = useGetAlertFacets(asked, {
    query: { staleTime: AFTER_MS, placeholderData: keepPreviousData, refetchInterval: as_of === undefined ? 60_000 : false },
  });
  return {
    critical: data?.severity.find(({ value }) => value === "CRITICAL")?.count ?? 0,
    names: data?.alertname ?? [],
    /** Counting has stopped at a bound: there are more. */
    atLeast: data?.at_least ?? false,
  };
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
