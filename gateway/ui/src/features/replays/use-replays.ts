/** Replays, as they are run and end. */

import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";

import { listReplays } from "@/generated/api";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PATH = "/api/v1/replays";
const PAGE = 50;
const EVENTS = ["REPLAY_STARTED", "REPLAY_COMPLETED", "REPLAY_FAILED"];

export function useReplays() {
  const asOf = useAsOf();
  useRefreshOn({ types: EVENTS, enabled: asOf.as_of === undefined }, [PATH]);
  return useInfiniteQuery({
    queryKey: [PATH, asOf, "pages"],
    queryFn: ({ pageParam, signal }) => listReplays({ page: pageParam, page_size: PAGE, ...asOf }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
}

/** Has them read again. */
export function useReadReplays(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ predicate: ({ queryKey: [key] }) => typeof key === "string" && key.startsWith(PATH) });
}
