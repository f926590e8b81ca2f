/** The list of events: history from the hub, and on top of it what comes live. */

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo, useState } from "react";

import { listEvents } from "@/generated/api";
import type { ListEventsParams } from "@/generated/api.schemas";
import { FOLDED, useLiveEvents, useLiveState } from "@/lib/live";
import { resolveRange, useAsOf, useRange } from "@/lib/moment";
import type { Range } from "@/lib/time";

import type { LogEvent } from "@/features/events/event";
import type { EventFilter } from "@/features/events/search";
import { grown, joined, MOST, NOTHING } from "@/features/events/tail";

const PAGE = 200;
/** What the projection may be behind the stream. */
const SETTLED_MS = 1_500;

interface Log {
  events: readonly LogEvent[];
  /** New events come by themselves. */
  isLive: boolean;
  /** Older ones are on the hub than are shown. */
  hasMore: boolean;
  more: (() => void) | undefined;
  isLoading: boolean;
  /** Events may be of the last question: the answer to this one is on its way. */
  isStale: boolean;
  error: Error | null;
  retry: () => void;
}

export function useLog(filter: EventFilter): Log {
  const asOf = useAsOf();
  const range = useRange();
  const isLive = asOf.as_of === undefined && range.to === "now";
  const [tail, setTail] = useState(NOTHING);
  // Over a gap no list may reach: it begins anew behind it.
  const lostAt = useLiveState((state) => state.lostAt);
  const [since, setSince] = useState(lostAt);
  if (since !== lostAt) {
    setSince(lostAt);
    setTail(({ generation }) => ({ events: [], generation: generation + 1 }));
  }
  // Taken in while the past is shown, too: back in the present nothing may be missing.
  useLiveEvents({ types: FOLDED }, (batch) => setTail((before) => grown(before, batch)));

  const history = useInfiniteQuery({
    queryKey: ["/api/v1/events", "log", filter, range, asOf, tail.generation],
    queryFn: ({ pageParam, signal }) => {
      const now = asOf.as_of === undefined ? Date.now() : Date.parse(asOf.as_of);
      const page = { order: "desc", limit: PAGE, cursor: pageParam } as const;
      return listEvents({ ...asked(filter, range, asOf, now), ...page }, { signal });
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }, pages) => (pages.length * PAGE < MOST ? next_cursor : undefined),
    placeholderData: keepPreviousData,
    // Kept longer it would lack what has come while another page was shown.
    gcTime: 0,
  });
  useSettled(() => void history.refetch(), isLive);

  const { data, isPlaceholderData } = history;
  const events = useMemo(
    () =>
      joined(
        isLive ? tail.events : [],
        data?.pages.flatMap(({ items }) => items) ?? [],
        filter,
        isPlaceholderData,
      ),
    [isLive, tail, data, filter, isPlaceholderData],
  );
  const canAsk = history.hasNextPage && !history.isFetching && !history.isError && events.length < MOST;
  return {
    events,
    isLive,
    hasMore: data?.pages.at(-1)?.next_cursor !== null,
    more: canAsk ? () => void history.fetchNextPage() : undefined,
    isLoading: history.isPending || (isPlaceholderData && events.length === 0),
    isStale: isPlaceholderData,
    error: history.error,
    retry: () => void history.refetch(),
  };
}

/** Once more when the stream is on for a while: what came before it and was not folded yet is there then. */
function useSettled(read: () => void, enabled: boolean): void {
  const isOn = useLiveState(({ connection }) => connection === "live");
  const again = useEffectEvent(read);
  useEffect(() => {
    if (!enabled || !isOn) return;
    const timer = setTimeout(again, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [enabled, isOn]);
}

/** The filters as the hub takes them; times that are relative to `now` are made fixed. */
export function asked(filter: EventFilter, range: Range, asOf: { as_of?: string }, now: number): ListEventsParams {
  const { start, end } = resolveRange(range, now);
  const given = Object.entries({ ...filter, ...asOf }).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    from: new Date(start).toISOString(),
    ...(range.to === "now" ? {} : { to: new Date(end).toISOString() }),
  };
}
