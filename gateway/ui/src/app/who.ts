/** Who is here, asked before anything is shown. */

import type { QueryClient } from "@tanstack/react-query";

import { getGetLoginWaysQueryOptions, getWhoAmIQueryOptions } from "@/generated/api";
import { ApiError } from "@/lib/http";
import { live } from "@/lib/live";
import { waitBefore } from "@/lib/query";

export const isUnknown = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

/** Until the hub has answered. */
export const WHO = {
  staleTime: Number.POSITIVE_INFINITY,
  retry: (_: number, error: Error) => !isUnknown(error),
  retryDelay: (failures: number, error: Error) =>
    error instanceof ApiError && error.retryAfter !== undefined ? waitBefore(failures, error) : 2_000,
  retryOnMount: false,
};

export const startLive = (): void => live.start(`${location.origin.replace("http", "ws")}/ws`);

/** Begins while the page's own script is still on its way. */
export function beginEarly(client: QueryClient): void {
  if (location.pathname === "/login") {
    void client.prefetchQuery(getGetLoginWaysQueryOptions());
    return;
  }
  void client.prefetchQuery(getWhoAmIQueryOptions({ query: WHO }));
  startLive();
}
