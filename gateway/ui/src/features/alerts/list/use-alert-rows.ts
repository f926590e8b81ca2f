/**
 * The rows of a list of alerts. Its first page is read again as events come; while the list is held
 * it stays as it was, events change its rows where they stand, and what is new is only counted.
 */

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { atTime, type Asked } from "@/features/alerts/filters/asked";
import { ALERT_EVENTS, itemsOf, merged, missing } from "@/features/alerts/list/loaded";
import { useTold } from "@/features/alerts/list/use-told";
import { listAlerts } from "@/generated/api";
import type { AlertList } from "@/generated/api.schemas";
import { useLiveState } from "@/lib/live";
import { useRefreshOn } from "@/lib/refresh";

/** Rows that are read at once. */
export const PAGE = 100;

/** `now` in the question: the instant that is shown, or this one. */
const nowOf = ({ params }: Asked) => (params.as_of ? Date.parse(params.as_of) : Date.now());

function useFirstPage(asked: Asked, enabled: boolean) {
  return useQuery({
    enabled,
    queryKey: ["/api/v1/alerts", { ...asked.params, page_size: PAGE }, asked.range ?? null],
    queryFn: ({ signal }) => listAlerts({ ...atTime(asked, nowOf(asked)), page_size: PAGE }, { signal }),
    placeholderData: keepPreviousData,
  });
}

interface How {
  /** Somebody reads it, so that nothing may move. */
  held: boolean;
  live: boolean;
  enabled: boolean;
}

export type AlertRows = ReturnType<typeof useAlertRows>;

export function useAlertRows(asked: Asked, { held, live, enabled }: How) {
  const first = useFirstPage(asked, enabled);
  // Where the stream went on with a gap, what was read before it is kept true by nothing: once it is
  // read again, that is another list, also for those who hold this one.
  const lostAt = useLiveState((state) => state.lostAt);
  const [since, setSince] = useState(lostAt);
  if (since !== lostAt && first.dataUpdatedAt >= lostAt) setSince(lostAt);
  const listKey = JSON.stringify([asked, since]);
  const frozen = useFrozen(first.isPlaceholderData ? undefined : first.data, held, listKey);
  const head = frozen ?? first.data;
  const cursor = head?.next_cursor ?? null;
  // What follows is read as one scrolls: not before somebody has come near the end of this page.
  const [begun, setBegun] = useState<string | null>(null);
  const rest = useInfiniteQuery({
    queryKey: ["alerts after", asked, cursor],
    queryFn: ({ pageParam, signal }) =>
      listAlerts({ ...atTime(asked, nowOf(asked)), page_size: PAGE, cursor: pageParam }, { signal }),
    initialPageParam: cursor,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    enabled: cursor !== null && begun === cursor,
    // Never read again: events tell what changes.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
  });
  const readMore = () => (rest.data === undefined && !rest.error ? setBegun(cursor) : void rest.fetchNextPage());
  const more = rest.data === undefined ? cursor !== null : rest.hasNextPage;

  const pages = useMemo(
    () => itemsOf([...(head ? [head] : []), ...(rest.data?.pages ?? [])]),
    [head, rest.data],
  );
  useRefreshOn({ types: ALERT_EVENTS, enabled: live }, ["/api/v1/alerts"]);
  const told = useTold({ pages, whole: !more, asked, listKey, held: frozen !== undefined, enabled: live });
  const rows = useMemo(() => merged(pages, told), [pages, told]);
  const waiting = useMemo(() => {
    if (frozen === undefined || first.data === undefined) return 0;
    return missing(
      first.data.items.filter(({ id }) => !told.has(id)),
      pages,
      !more,
    );
  }, [frozen, first.data, told, pages, more]);
  return {
    first,
    rows,
    waiting,
    more: more && !rest.isFetching ? readMore : undefined,
    /** Why no more could be had. */
    moreError: rest.error,
  };
}

/** The first page as it was when the list began to be held. */
function useFrozen(now: AlertList | undefined, held: boolean, listKey: string): AlertList | undefined {
  const [before, setBefore] = useState<{ listKey: string; page: AlertList }>();
  const mine = before?.listKey === listKey ? before.page : undefined;
  if (held && mine === undefined && now !== undefined) setBefore({ listKey, page: now });
  if (!held && before !== undefined) setBefore(undefined);
  return held ? (mine ?? now) : undefined;
}
