/** Asks the fleet in PromQL, for a chart or for a table; what is asked again is cancelled first. */

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";

import { getQueryMetricsRangeUrl, getQueryMetricsUrl, queryMetrics, queryMetricsRange } from "@/generated/api";
import type { Aggregation, MetricAnswer, MetricQuery } from "@/generated/api.schemas";
import { LIBRARIES } from "@/features/observability/library/store";
import { onSteps, writtenStep } from "@/features/observability/metrics/step";
import { linesOf, type Lines } from "@/components/chart/lines";
import type { View } from "@/features/observability/metrics/view";
import type { ErrorType } from "@/lib/http";
import { resolveRange, useAsOf } from "@/lib/moment";
import type { Range } from "@/lib/time";

export interface Asked {
  query: string;
  clusters: readonly string[];
  agg: Aggregation | undefined;
  range: Range;
  /** Milliseconds. */
  step: number;
  view: View;
  /** Milliseconds after which it is asked again by itself; false: not at all. */
  every: number | false;
}

export interface Answered extends Lines {
  answer: MetricAnswer;
  /** What was asked for when it was. */
  start: number;
  end: number;
  body: MetricQuery;
  /** Milliseconds since 1970, by the clock on the wall. */
  readAt: number;
}

export interface Reading {
  data: Answered | undefined;
  /** What is shown answers an earlier question. */
  isOld: boolean;
  error: ErrorType<unknown> | null;
  /** Nothing answers this question yet; it is being asked. */
  isWaiting: boolean;
  /** Somebody has stopped it, and there is nothing to show instead. */
  isCancelled: boolean;
  read: () => void;
  cancel: () => void;
}

/** The path that is asked, for whoever wants to ask it elsewhere. */
export const pathOf = (view: View): string => (view === "chart" ? getQueryMetricsRangeUrl() : getQueryMetricsUrl());

export function useMetrics(asked: Asked): Reading {
  const { as_of } = useAsOf();
  const client = useQueryClient();
  const { every, ...question } = asked;
  const queryKey = [pathOf(asked.view), question, as_of];
  const { data, error, isPlaceholderData, fetchStatus, status, refetch } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => ask(asked, as_of, signal),
    enabled: asked.query.trim() !== "",
    placeholderData: keepPreviousData,
    refetchInterval: every,
    staleTime: 10_000,
  });
  const idle = fetchStatus === "idle" && (isPlaceholderData || status === "pending");
  return {
    data: idle ? undefined : data,
    isOld: isPlaceholderData,
    error: error as ErrorType<unknown> | null,
    isWaiting: fetchStatus === "fetching" && (isPlaceholderData || status === "pending"),
    isCancelled: idle && asked.query.trim() !== "",
    read: () => void refetch(),
    cancel: () => void client.cancelQueries({ queryKey }),
  };
}

async function ask(asked: Asked, as_of: string | undefined, signal: AbortSignal): Promise<Answered> {
  const now = as_of === undefined ? Date.now() : Date.parse(as_of);
  const resolved = resolveRange(asked.range, now);
  const { start, end } = asked.view === "chart" ? onSteps(resolved, asked.step) : resolved;
  const body = bodyOf(asked, start, end);
  const answer = await (asked.view === "chart" ? queryMetricsRange : queryMetrics)(body, { signal });
  LIBRARIES.promql.getState().remember(asked.query);
  return { ...linesOf(answer, asked.query), answer, start, end, body, readAt: Date.now() };
}

export function bodyOf({ query, clusters, agg, step, view }: Asked, start: number, end: number): MetricQuery {
  const at = (time: number) => new Date(time).toISOString();
  return {
    query,
    ...(clusters.length > 0 ? { cluster_ids: [...clusters] } : {}),
    ...(agg === undefined ? {} : { aggregation: agg }),
    end_time: at(end),
    ...(view === "chart" ? { start_time: at(start), step: writtenStep(step) } : {}),
  };
}
