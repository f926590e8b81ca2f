import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { traceqlOf } from "@/features/observability/traces/traceql";
import type { TracesSearch } from "@/features/observability/search";
import { LIBRARIES } from "@/features/observability/library/store";
import { searchTraces } from "@/generated/api";
import type { TraceList } from "@/generated/api.schemas";
import { resolveRange, useAsOf, useRange } from "@/lib/moment";

/** As many as the hub gives at once. */
export const LIMIT = 100;

/** The TraceQL that is asked: as it was written, or made of the parts. */
export const askedTraceql = (search: TracesSearch): string => search.query ?? traceqlOf(search);

export interface Searched {
  answer: TraceList;
  window: { start: number; end: number };
}

/** The newest traces that match; `round` grows when the same is asked again. */
export function useTraces(search: TracesSearch, round: number) {
  const range = useRange();
  const { as_of } = useAsOf();
  const traceql = askedTraceql(search);
  const { clusters = [] } = search;
  return useQuery({
    queryKey: ["/api/v1/traces/search", { traceql, clusters, range, as_of }, round],
    queryFn: async ({ signal }): Promise<Searched> => {
      const { start, end } = resolveRange(range, as_of === undefined ? Date.now() : Date.parse(as_of));
      const answer = await searchTraces(
        {
          traceql,
          cluster_ids: clusters,
          limit: LIMIT,
          start_time: new Date(start).toISOString(),
          end_time: new Date(end).toISOString(),
        },
        { signal },
      );
      // What the form makes is in the form.
      if (search.query !== undefined) LIBRARIES.traceql.getState().remember(traceql);
      return { answer, window: { start, end } };
    },
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  });
}

/** The range in steps of a minute, for reads whose answers are kept: services, operations, the map. */
export function useSteadyScope(clusters: readonly string[], now: number) {
  const { start, end } = resolveRange(useRange(), now);
  const minute = (at: number) => new Date(Math.ceil(at / 60_000) * 60_000).toISOString();
  return { cluster_id: [...clusters], start_time: minute(start - 60_000), end_time: minute(end) };
}
