/** The one cache of server data. */

import { QueryClient } from "@tanstack/react-query";

import { ApiError, Unreachable } from "@/lib/http";

const BUSY = new Set(["OVERLOADED", "PROJECTION_BEHIND", "BUS_UNAVAILABLE", "DATABASE_UNAVAILABLE"]);

/** What may be different a moment later; a refusal stays one. */
function mayPass(failures: number, error: Error): boolean {
  if (failures >= 3) return false;
  return error instanceof Unreachable || (error instanceof ApiError && BUSY.has(error.code));
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 5 * 60_000,
        retry: mayPass,
        refetchOnWindowFocus: false,
        // The hub may be on this machine or in this room: whether there is the Internet says nothing.
        networkMode: "always",
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
