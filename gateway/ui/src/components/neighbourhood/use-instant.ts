/** One question in PromQL to one cluster, about now or the instant that is shown. */

import { useQuery } from "@tanstack/react-query";

import { getQueryMetricsUrl, queryMetrics } from "@/generated/api";
import type { MetricAnswer, MetricSeries } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";

const EVERY_MS = 30_000;

/** What is asked, whoever answers it. */
export interface Asked<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/** `query` undefined: nothing is asked. */
export function useInstant<T>(cluster: string, query: string | undefined, read: (series: MetricSeries[]) => T): Asked<T> {
  const { as_of } = useAsOf();
  return useQuery({
    queryKey: [getQueryMetricsUrl(), "near", cluster, query, as_of],
    queryFn: async ({ signal }) =>
      seriesOf(await queryMetrics({ query: query!, cluster_ids: [cluster], ...(as_of === undefined ? {} : { end_time: as_of }) }, { signal })),
    select: read,
    enabled: query !== undefined,
    refetchInterval: as_of === undefined ? EVERY_MS : false,
    staleTime: as_of === undefined ? 10_000 : Number.POSITIVE_INFINITY,
  });
}

/** What the cluster has answered; what it has not is an error. */
function seriesOf({ results, missing }: MetricAnswer): MetricSeries[] {
  const [answer] = results;
  if (answer?.status === "SUCCESS" || answer?.status === "PARTIAL") return answer.data;
  throw new Error(answer?.error ?? missing[0]?.reason ?? "The cluster has not answered.");
}

type There<T extends Asked<unknown>> = NonNullable<T["data"]>;

/** Several reads that are one to whoever looks: there once all are, and not there if one fails. */
export function together<A extends Asked<unknown>, B extends Asked<unknown>, C extends Asked<unknown>>(a: A, b: B, c: C): Asked<[There<A>, There<B>, There<C>]> {
  const all = [a, b, c];
  const isThere = all.every(({ data }) => data !== undefined);
  const failed = all.find(({ data, error }) => error !== null && data === undefined);
  return {
    data: isThere ? [a.data as There<A>, b.data as There<B>, c.data as There<C>] : undefined,
    error: failed?.error ?? null,
    refetch: () => all.filter(({ error }) => error !== null).map((each) => each.refetch()),
  };
}
