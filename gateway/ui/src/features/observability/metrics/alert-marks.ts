/** Alerts that began or ended while the charts' lines went as they went. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Annotation } from "@/components/chart/chart";
import { listAlerts } from "@/generated/api";
import type { AlertList, Severity } from "@/generated/api.schemas";
import { NO_CLUSTERS, type MetricsSearch } from "@/features/observability/search";
import { resolveRange, useAsOf, useRange } from "@/lib/moment";
import { useSearch } from "@/lib/place";

export const MOST_MARKS = 100;

export interface Marks {
  marks: readonly Annotation[];
  /** There are others, which are older. */
  more: boolean;
  failed: boolean;
}

const NONE: readonly Annotation[] = [];
const TONES: Readonly<Record<Severity, Annotation["tone"]>> = { CRITICAL: "danger", WARNING: "warning", INFO: "info" };

/** Of the chosen clusters in the range; read again as often as the figures are. */
export function useAlertMarks(every: number | false): Marks {
  const { query, clusters = NO_CLUSTERS, marks, view } = useSearch<MetricsSearch>();
  const shown = query !== undefined && marks !== "off" && view !== "table";
  const range = useRange();
  const asOf = useAsOf();
  const { data, isError } = useQuery({
    // Not among the lists of alerts, which every event has read again.
    queryKey: ["alert marks", clusters, range, asOf],
    queryFn: ({ signal }) => {
      const { start, end } = resolveRange(range, asOf.as_of === undefined ? Date.now() : Date.parse(asOf.as_of));
      const at = (time: number) => new Date(time).toISOString();
      return listAlerts(
        {
          state: ["FIRING", "RESOLVED"],
          cluster_id: [...clusters],
          from: at(start),
          to: at(end),
          page_size: MOST_MARKS,
          ...asOf,
        },
        { signal },
      );
    },
    enabled: shown,
    refetchInterval: every,
    staleTime: 10_000,
    placeholderData: keepPreviousData,
  });
  const all = useMemo(() => (data ? marksOf(data) : NONE), [data]);
  if (!shown) return { marks: NONE, more: false, failed: false };
  const more = all.length > MOST_MARKS || data?.next_cursor != null;
  return { marks: all.length > MOST_MARKS ? all.slice(-MOST_MARKS) : all, more, failed: isError };
}

/** Oldest first. */
export function marksOf({ items }: Pick<AlertList, "items">): Annotation[] {
  const found = items.flatMap(({ alertname, cluster_name, severity, state, starts_at, ends_at }): Annotation[] => {
    const where = `${alertname} on ${cluster_name}`;
    const fired: Annotation = { at: Date.parse(starts_at), label: `${where} fired`, tone: TONES[severity] };
    return state === "RESOLVED" && ends_at != null
      ? [fired, { at: Date.parse(ends_at), label: `${where} resolved`, tone: "success" }]
      : [fired];
  });
  return found.toSorted((a, b) => a.at - b.at);
}
