/** Logins in browsers, the newest first; those that begin and end elsewhere are shown too. */

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";

import { endSession, getListSessionsQueryKey, getListSessionsQueryOptions, listSessions } from "@/generated/api";
import { ApiError } from "@/lib/http";
import { useRefreshOn } from "@/lib/refresh";

const PAGE = 50;
/** Pages that are ended at once at most: nobody has as many. */
const MOST_ROUNDS = 10;
const [KEY] = getListSessionsQueryKey();

/** One's own, or those of `everybody`. */
export function useSessions(everybody: boolean) {
  useRefreshOn({ types: ["LOGGED_IN", "LOGGED_OUT"] }, [KEY]);
  return useInfiniteQuery({
    queryKey: [KEY, "all", everybody],
    queryFn: ({ pageParam, signal }) =>
      listSessions({ page: pageParam, page_size: PAGE, ...(everybody ? { everybody } : {}) }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    staleTime: 0,
  });
}

/** Ends a session, by its id. */
export function useEndSession(onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: end,
    onSuccess: onDone,
    onSettled: () => void client.invalidateQueries({ queryKey: [KEY] }),
  });
}

/** Ends all of one's own but the one that asks, also those that were not shown. */
export function useEndOthers(onDone: () => void) {
  const client = useQueryClient();
  const others = async () => {
    const wanted = getListSessionsQueryOptions({ page: 1, page_size: PAGE }, { query: { staleTime: 0 } });
    const { items } = await client.fetchQuery(wanted);
    return items.filter(({ current }) => !current);
  };
  return useMutation({
    mutationFn: async () => {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const left = await others();
        if (left.length === 0) return;
        // One after the other: many at once are more than the hub takes from a person.
        for (const { id } of left) await end(id);
      }
    },
    onSuccess: onDone,
    onSettled: () => void client.invalidateQueries({ queryKey: [KEY] }),
  });
}

/** One that has ended meanwhile is none any more, which is all that was wanted. */
async function end(id: string): Promise<void> {
  try {
    await endSession(id);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}
