/** The one cache of server data. */

import { QueryClient } from "@tanstack/react-query";

import { ApiError, Unreachable } from "@/lib/http";

const BUSY = new Set(["OVERLOADED", "PROJECTION_BEHIND", "BUS_UNAVAILABLE", "DATABASE_UNAVAILABLE"]);
/** Many that are put off together come back spread, and not all are served then. */
const MOST_PUT_OFF = 8;
/** As long as one waits for what the hub says, and as wide as many are spread. */
const LONGEST_MS = 30_000;

/** What may be different a moment later; a refusal stays one. */
function mayPass(failures: number, error: Error): boolean {
  if (isPutOff(error)) return whilePutOff(failures, error);
  if (failures >= 3) return false;
  return error instanceof Unreachable || (error instanceof ApiError && BUSY.has(error.code));
}

/** For what is asked once only: it was not asked yet. */
export const whilePutOff = (failures: number, error: Error): boolean => failures < MOST_PUT_OFF && isPutOff(error);

/** The hub takes no more from this person for now. */
export const isPutOff = (error: Error): boolean => error instanceof ApiError && error.status === 429;

/** Milliseconds: what the hub says and some more by chance, otherwise a second, doubled with each failure. */
export function waitBefore(failures: number, error: Error): number {
  const doubled = Math.min(1_000 * 2 ** failures, LONGEST_MS);
  const told = error instanceof ApiError ? error.retryAfter : undefined;
  if (told === undefined) return isPutOff(error) ? doubled * (1 + Math.random()) : doubled;
  return Math.min(told * 1_000, LONGEST_MS) + Math.random() * doubled;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 5 * 60_000,
        retry: mayPass,
        retryDelay: waitBefore,
        refetchOnWindowFocus: false,
        // The hub may be on this machine or in this room: whether there is the Internet says nothing.
        networkMode: "always",
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
