/** How the platform is, read again and again while the page is shown. */

import { useHealthDetailed, useGetStreamingStatus, useListDeadLetters, useListStreams } from "@/generated/api";

import { reportOf, type Report } from "@/features/operations/report";
import type { Known } from "@/features/operations/verdict";

/** What moves by the second. */
export const OFTEN = 2_000;
/** What costs more to tell, or moves less. */
export const SOMETIMES = 5_000;

interface Operations {
  known: Known;
  error: Error | null;
  /** Milliseconds since 1970 of the last report. */
  at: number;
  isLoading: boolean;
  retry: () => void;
}

export function useOperations(enabled: boolean): Operations {
  const health = useHealthDetailed<Report>({
    query: { enabled, refetchInterval: OFTEN, select: reportOf },
  });
  const streams = useListStreams({ query: { enabled, refetchInterval: SOMETIMES } });
  const letters = useListDeadLetters({ limit: 100 }, { query: { enabled, refetchInterval: SOMETIMES } });
  const streaming = useGetStreamingStatus({ query: { enabled, refetchInterval: SOMETIMES } });
  const all = [health, streams, letters, streaming];
  return {
    known: {
      report: health.data,
      streams: streams.data?.items,
      letters: letters.data,
      streaming: streaming.data,
    },
    error: all.find(({ error }) => error !== null)?.error ?? null,
    at: health.dataUpdatedAt,
    isLoading: all.some(({ isPending }) => isPending),
    retry: () => all.forEach(({ refetch }) => void refetch()),
  };
}
