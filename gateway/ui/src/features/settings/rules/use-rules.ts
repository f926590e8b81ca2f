/** The rules of correlation that count, and what changes them. */

import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";

import { listCorrelationRules } from "@/generated/api";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PATH = "/api/v1/correlation-rules";
const PAGE = 100;
const EVENTS = ["CORRELATION_RULE_DEFINED", "CORRELATION_RULE_REMOVED"];

export function useRules() {
  const asOf = useAsOf();
  useRefreshOn({ types: EVENTS, enabled: asOf.as_of === undefined }, [PATH]);
  return useInfiniteQuery({
    queryKey: [PATH, asOf],
    queryFn: ({ pageParam, signal }) => listCorrelationRules({ page: pageParam, page_size: PAGE, ...asOf }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
}

/** Has them read again. */
export function useReadRules(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: [PATH] });
}
