/** The audit log, newest first, page by page; new entries are read when the stream tells of one. */

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { AuditFilter } from "@/features/events/audit/search";
import { AUDITED } from "@/features/events/audit/types";
import type { LogEvent } from "@/features/events/event";
import { listAudit } from "@/generated/api";
import type { ListAuditParams } from "@/generated/api.schemas";
import { resolveRange, useAsOf, useRange } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";
import type { Range } from "@/lib/time";

const PAGE = 100;
const AGAIN_MS = 2_000;

interface Audit {
  entries: readonly LogEvent[];
  /** Older ones are on the hub than are shown. */
  hasMore: boolean;
  more: (() => void) | undefined;
  isLoading: boolean;
  /** Entries are of the last question: the answer to this one is on its way. */
  isStale: boolean;
  error: Error | null;
  retry: () => void;
}

export function useAudit(filter: AuditFilter): Audit {
  const { as_of } = useAsOf();
  const range = useRange();
  const audit = useInfiniteQuery({
    queryKey: ["/api/v1/audit", filter, range, as_of],
    queryFn: ({ pageParam, signal }) => {
      const now = as_of === undefined ? Date.now() : Date.parse(as_of);
      const page = { limit: PAGE, ...(pageParam === undefined ? {} : { cursor: pageParam }) };
      return listAudit({ ...asked(filter, range, as_of, now), ...page }, { signal });
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
  });
  const isLive = as_of === undefined && range.to === "now";
  useRefreshOn({ types: AUDITED, enabled: isLive }, ["/api/v1/audit"], AGAIN_MS);
  const { data, isPlaceholderData } = audit;
  const entries = useMemo<LogEvent[]>(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const canAsk = audit.hasNextPage && !audit.isFetching && !audit.isError;
  return {
    entries,
    hasMore: audit.hasNextPage,
    more: canAsk ? () => void audit.fetchNextPage() : undefined,
    isLoading: audit.isPending || (isPlaceholderData && entries.length === 0),
    isStale: isPlaceholderData,
    error: audit.error,
    retry: () => void audit.refetch(),
  };
}

/** As the hub takes it: times that are relative to `now` are made fixed, and nothing comes after the instant that is shown. */
export function asked(filter: AuditFilter, range: Range, asOf: string | undefined, now: number): ListAuditParams {
  const { start, end } = resolveRange(range, now);
  const isOpen = range.to === "now" && asOf === undefined;
  return {
    ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
    from: new Date(start).toISOString(),
    ...(isOpen ? {} : { to: new Date(end).toISOString() }),
  };
}
