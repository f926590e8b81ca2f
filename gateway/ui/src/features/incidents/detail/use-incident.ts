/** What is read of one incident, and how events keep it fresh. */

import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { withHead } from "@/features/incidents/list/rows";
import type { IncidentSearch } from "@/features/incidents/search";
import { INCIDENT_EVENTS } from "@/features/incidents/shared/words";
import { getGetIncidentQueryKey, getIncidentTimeline, listIncidentSignals, useGetIncident } from "@/generated/api";
import type { Incident, IncidentDetail, ListIncidentSignalsParams, SignalView } from "@/generated/api.schemas";
import { useLiveEvents, type LiveEvent } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const ENTRIES = 500;
const SIGNALS = 100;
const MOST_SOUGHT = 1_000;
/** In a storm it changes each second; lists of hundreds are not worth reading as often. */
const BETWEEN_MS = 1_500;

const pathOf = (id: string) => `/api/v1/incidents/${id}`;
const headOf = ({ payload }: LiveEvent) => (payload as { incident?: Incident }).incident;

/** The incident, at the instant that is shown. */
export function useIncident(id: string) {
  const client = useQueryClient();
  const asOf = useAsOf();
  const enabled = asOf.as_of === undefined;
  const wanted = { types: INCIDENT_EVENTS, enabled, which: (event: LiveEvent) => headOf(event)?.id === id };
  useLiveEvents(wanted, (events) => {
    const head = headOf(events.at(-1)!);
    client.setQueryData<IncidentDetail>(getGetIncidentQueryKey(id, asOf), (before) =>
      before === undefined ? undefined : { ...before, ...withHead(before, head) },
    );
  });
  useRefreshOn(wanted, [pathOf(id)], BETWEEN_MS);
  return useGetIncident(id, asOf, { query: { placeholderData: keepPreviousData } });
}

/** Everything that happened to it until an instant, or now; newest first. */
export function useTimeline(id: string, asOf: { as_of?: string }) {
  const query = useInfiniteQuery({
    queryKey: [`${pathOf(id)}/timeline`, asOf],
    queryFn: ({ pageParam, signal }) =>
      getIncidentTimeline(id, { limit: ENTRIES, ...(pageParam === null ? {} : { cursor: pageParam }), ...asOf }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const entries = useMemo(() => {
    // A page that was read later may begin with what another ended with.
    const found = new Map(query.data?.pages.flatMap(({ items }) => items).map((entry) => [entry.sequence, entry]));
    return query.data && [...found.values()];
  }, [query.data]);
  return { ...query, entries };
}

/** Which signals are asked for. */
export function signalParams({ lasting, kind, severity, q }: IncidentSearch): ListIncidentSignalsParams {
  return {
    ...(lasting === undefined ? {} : { lasting: lasting === "true" }),
    ...(kind ? { kind } : {}),
    ...(severity ? { severity } : {}),
    ...(q ? { q } : {}),
  };
}

/** What belongs to it, those that came last first; read page by page as one scrolls. */
export function useSignals(id: string, search: IncidentSearch) {
  const asOf = useAsOf();
  const params = { ...signalParams(search), ...asOf };
  const query = useInfiniteQuery({
    queryKey: [`${pathOf(id)}/signals`, params, "pages"],
    queryFn: ({ pageParam, signal }) =>
      listIncidentSignals(id, { ...params, page: pageParam, page_size: SIGNALS }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
  const signals = useMemo(() => {
    const found = new Map<string, SignalView>();
    for (const { items } of query.data?.pages ?? []) {
      for (const signal of items) if (!found.has(signal.id)) found.set(signal.id, signal);
    }
    return [...found.values()];
  }, [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  // A link may lead to one that is further down.
  const isSought =
    search.signal !== undefined && signals.length < MOST_SOUGHT && !signals.some(({ id }) => id === search.signal);
  useEffect(() => {
    if (isSought && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [isSought, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { ...query, signals, isSeeking: isSought && (hasNextPage || query.data === undefined), total: query.data?.pages[0]?.total, params };
}
