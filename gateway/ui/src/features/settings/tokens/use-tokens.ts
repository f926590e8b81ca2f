/** The tokens of the hub, the newest first; what others make or revoke is shown too. */

import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";

import { getListTokensQueryKey, listTokens } from "@/generated/api";
import type { TokenView } from "@/generated/api.schemas";
import { useRefreshOn } from "@/lib/refresh";

const PAGE = 50;
const [KEY] = getListTokensQueryKey();

export function useTokens() {
  useRefreshOn({ types: ["TOKEN_CREATED", "TOKEN_REVOKED"] }, [KEY]);
  return useInfiniteQuery({
    queryKey: [KEY, "all"],
    queryFn: ({ pageParam, signal }) => listTokens({ page: pageParam, page_size: PAGE }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    staleTime: 0,
  });
}

/** Reads them again. */
export function useReadTokens(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: [KEY] });
}

/** Neither revoked nor expired; `now`: milliseconds since 1970. */
export function isGood({ revoked_at, expires_at }: TokenView, now: number): boolean {
  return revoked_at === null && (expires_at === null || Date.parse(expires_at) > now);
}
