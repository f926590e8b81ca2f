/** Anomalies that were told of what a chart shows, for the ribbon under it. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { stretchOf } from "@/components/anomalies/stretches";
import { ANOMALY_EVENTS } from "@/components/anomalies/words";
import type { Stretch } from "@/components/chart/stretches";
import { listAnomalies } from "@/generated/api";
import type { Anomaly, ListAnomaliesParams } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PATH = "/api/v1/anomalies";
/** More could not be told apart under a chart. */
const MOST_TOLD = 100;

interface Wanted extends Pick<ListAnomaliesParams, "cluster_id" | "metric" | "label"> {
  /** Milliseconds since 1970; without it there is nothing to look for yet. */
  range: { start: number; end: number } | undefined;
}

export interface ToldAnomalies {
  stretches: readonly Stretch[];
  /** Why not all of them are there, in words. */
  lacking: string | undefined;
}

const NONE: ToldAnomalies = { stretches: [], lacking: undefined };

/** The newest of them, and those only that `concerns` lets through; it must stay the same from drawing to drawing. */
export function useToldAnomalies({ range, ...wanted }: Wanted, concerns?: (anomaly: Anomaly) => boolean): ToldAnomalies {
  const asOf = useAsOf();
  const enabled = range !== undefined;
  useRefreshOn({ types: ANOMALY_EVENTS, enabled: enabled && asOf.as_of === undefined }, [PATH], 2_000);
  const time = range && { from: new Date(range.start).toISOString(), to: new Date(Math.max(range.end, range.start + 1)).toISOString() };
  const params = { ...wanted, ...time, page_size: MOST_TOLD, ...asOf };
  const { data, isError } = useQuery({
    queryKey: [PATH, params, "told"],
    queryFn: ({ signal }) => listAnomalies(params, { signal }),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
  return useMemo(() => {
    if (!enabled) return NONE;
    const anomalies = (data?.items ?? []).filter((each) => concerns?.(each) ?? true);
    const older = data === undefined || data.next_cursor === null ? undefined : `Of the anomalies of this time the newest ${MOST_TOLD} were looked at.`;
    return { stretches: anomalies.map(stretchOf), lacking: isError ? "The anomalies of this time could not be read." : older };
  }, [enabled, data, isError, concerns]);
}
