/** What is watched, and what changes that. */

import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";

import { listWatches } from "@/generated/api";
import type { WatchView } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";
import { useRights } from "@/lib/rights";

const PATH = "/api/v1/watches";
const PAGE = 100;
const EVENTS = ["WATCH_DEFINED", "WATCH_REMOVED"];

export function useWatches() {
  const asOf = useAsOf();
  useRefreshOn({ types: EVENTS, enabled: asOf.as_of === undefined }, [PATH]);
  return useInfiniteQuery({
    queryKey: [PATH, asOf, "pages"],
    queryFn: ({ pageParam, signal }) => listWatches({ page: pageParam, page_size: PAGE, ...asOf }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
}

/** Has them read again. */
export function useReadWatches(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: [PATH] });
}

/** Whether somebody may say what is watched: in each of its clusters, or everywhere. */
export function useMayWatch(): (watch: Pick<WatchView, "cluster_ids">) => boolean {
  const { operates } = useRights();
  const { as_of } = useAsOf();
  return ({ cluster_ids = [] }) =>
    as_of === undefined && (cluster_ids.length === 0 ? operates(null) : cluster_ids.every((id) => operates(id)));
}
