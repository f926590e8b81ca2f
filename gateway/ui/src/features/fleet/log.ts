/** Parts of the log that the home shows: read newest first, page by page, and kept by the stream. */

import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useMemo, useRef } from "react";

import { useBatched } from "@/features/fleet/batched";
import { happeningOf, type Happening } from "@/features/fleet/happening";
import { listEvents } from "@/generated/api";
import type { EventName } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { isRelative, parseInstant, type Range } from "@/lib/time";

const MERGE_MS = 500;
/** So many of the latest that the stream has told are looked for in an answer: its view is a little behind. */
const LATELY = 500;
/** How many are kept of those that the stream has brought. */
const MOST = 5_000;

interface Page {
  /** Newest first. */
  items: readonly Happening[];
  next: string | null;
  /** Older ones were dropped to stay small. */
  cut?: boolean;
}

interface Asked {
  name: string;
  types: readonly EventName[];
  /** Without it: from the beginning. */
  range?: Range;
  /** Events of one answer. */
  limit: number;
}

export interface Log {
  /** Newest first; undefined until the first answer. */
  items: readonly Happening[] | undefined;
  /** There are older ones in the range that were not read. */
  more: boolean;
  readOlder: () => void;
  reading: boolean;
  error: Error | null;
  retry: () => void;
}

export function useLog({ name, types, range, limit }: Asked): Log {
  const asOf = useAsOf();
  const client = useQueryClient();
  const live = asOf.as_of === undefined && (range === undefined || isRelative(range.to));
  const lately = useRef<readonly Happening[]>([]);
  const key = ["/api/v1/events", "fleet", name, range ?? null, asOf] as const;
  const read = useInfiniteQuery({
    queryKey: key,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }): Promise<Page> => {
      const answer = await listEvents(
        { event_type: [...types], order: "desc", limit, ...bounds(range, asOf.as_of), ...asOf, ...cursor(pageParam) },
        { signal },
      );
      const page = { items: answer.items.map(happeningOf), next: answer.next_cursor };
      if (!live || pageParam !== null) return page;
      const newest = page.items[0]?.at ?? 0;
      return withNews(page, lately.current.filter(({ at }) => at >= newest));
    },
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
    // The stream keeps it; what it cannot know is read again by the gap.
    staleTime: 60_000,
  });
  useBatched({ types, enabled: live }, MERGE_MS, (events) => {
    const fresh = events.map(happeningOf);
    lately.current = [...lately.current, ...fresh].slice(-LATELY);
    client.setQueryData<InfiniteData<Page, string | null>>(key, (before) => before && merged(before, fresh));
  });
  const items = useMemo(() => read.data?.pages.flatMap((page) => page.items), [read.data]);
  const cut = read.data?.pages.some((page) => page.cut) ?? false;
  return {
    items,
    more: cut || read.hasNextPage,
    readOlder: () => void (cut ? client.resetQueries({ queryKey: key }) : read.fetchNextPage()),
    reading: read.isFetchingNextPage,
    error: read.error,
    retry: () => void read.refetch(),
  };
}

/** The ends of the range, counted from the instant that is shown. */
function bounds(range: Range | undefined, asOf: string | undefined): { from?: string; to?: string } {
  if (range === undefined) return {};
  const now = asOf === undefined ? Date.now() : Date.parse(asOf);
  const instant = (text: string) => new Date(parseInstant(text, now) ?? now).toISOString();
  return { from: instant(range.from), ...(range.to === "now" ? {} : { to: instant(range.to) }) };
}

const cursor = (said: string | null) => (said === null ? {} : { cursor: said });

/** With what is new on top; never more than are worth keeping. */
export function merged<Param>(before: InfiniteData<Page, Param>, fresh: readonly Happening[]): InfiniteData<Page, Param> {
  const [first, ...rest] = before.pages;
  if (first === undefined) return before;
  const page = withNews(first, fresh);
  if (page === first) return before;
  const { items } = page;
  if (items.length > MOST) {
    return { pages: [{ items: items.slice(0, MOST), next: null, cut: true }], pageParams: before.pageParams.slice(0, 1) };
  }
  return { ...before, pages: [page, ...rest] };
}

/** The page with what it does not know yet on top. */
function withNews(page: Page, told: readonly Happening[]): Page {
  const known = new Set(page.items.map(({ id }) => id));
  const news = told.filter(({ id }) => !known.has(id)).toSorted((a, b) => b.at - a.at);
  return news.length === 0 ? page : { ...page, items: [...news, ...page.items] };
}
