/** The rows of a tab: read page by page as one scrolls, worst first, standing still while somebody is in them. */

import { keepPreviousData, useInfiniteQuery, type UseInfiniteQueryResult } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { once } from "@/features/cnf/shared/rows";
import { useHeld } from "@/lib/held";
import { useAsOf } from "@/lib/moment";

const PAGE_SIZE = 100;

interface Page<Row> {
  items: Row[];
  page: number;
  total: number;
  total_pages: number;
}

type RowOf<Answer extends Page<unknown>> = Answer["items"][number];

interface Asked {
  as_of?: string;
  page: number;
  page_size: number;
}

interface ListedProps<Answer extends Page<unknown>, Params> {
  path: string;
  params: Params;
  read: (params: Params & Asked, options: { signal: AbortSignal }) => Promise<Answer>;
  idOf: (row: RowOf<Answer>) => string;
}

/** What a list shows of what was read. */
export interface Listed<Row> {
  rows: readonly Row[];
  waiting: number;
  query: Pick<
    UseInfiniteQueryResult,
    "data" | "error" | "hasNextPage" | "isFetching" | "isPlaceholderData" | "refetch" | "fetchNextPage"
  >;
  /** How many there are, as the newest page says. */
  total: number;
  paused: boolean;
  setPaused: (paused: boolean) => void;
  onHeld: (held: boolean) => void;
}

/** `newest`: what the last page says of all rows that match. */
export function useListed<Answer extends Page<unknown>, Params>(
  props: ListedProps<Answer, Params>,
): Listed<RowOf<Answer>> & { newest: Answer | undefined } {
  const { path, params, read, idOf } = props;
  const asOf = useAsOf();
  const asked = { ...params, ...asOf };
  const query = useInfiniteQuery({
    queryKey: [path, asked, "pages"],
    queryFn: ({ pageParam, signal }) => read({ ...asked, page: pageParam, page_size: PAGE_SIZE }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
  const pages = query.data?.pages;
  const all = useMemo(() => once<RowOf<Answer>>(pages ?? [], idOf), [pages, idOf]);
  const [paused, setPaused] = useState(false);
  const [inList, setInList] = useState(false);
  const isHeld = asOf.as_of === undefined && (paused || inList);
  const held = useHeld(all, isHeld, idOf, JSON.stringify(asked), !query.isPlaceholderData);
  const newest = pages?.at(-1);
  return { ...held, query, newest, total: newest?.total ?? 0, paused, setPaused, onHeld: setInList };
}
