/** What a query comes to over a time, as a chart: of a watch, or around an anomaly. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { Chart, type ChartProps } from "@/components/chart/chart";
import { linesOf, type Line } from "@/components/chart/lines";
import { calledApart, MOST_SERIES } from "@/components/chart/top";
import { unitOf } from "@/components/chart/unit-of";
import { PartialNotice } from "@/components/partial-notice";
import { unansweredOf } from "@/components/query-editor/refusal";
import { InlineFailure, Loading } from "@/components/states";
import { onSteps, timeOf } from "@/features/anomalies/shared/steps";
import { queryMetricsRange } from "@/generated/api";
import { count } from "@/lib/format";

interface QueryChartProps extends Pick<ChartProps, "stretches" | "onStretch" | "annotations" | "height" | "legend"> {
  query: string;
  /** None: all. */
  clusters: readonly string[];
  range: { start: number; end: number };
  /** Only series that are wanted, where there are such; otherwise all. */
  isWanted?: (line: Line) => boolean;
  /** Levels that are drawn as lines: bounds, or what was expected. */
  levels?: readonly { name: string; at: number; tone: "danger" | "neutral" }[];
}

const NONE: NonNullable<QueryChartProps["levels"]> = [];

export function QueryChart(props: QueryChartProps) {
  const { query, clusters, range, isWanted, levels = NONE, ...look } = props;
  const { start, end, step } = onSteps(range);
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ["/api/v1/metrics/query_range", query, clusters, start, end],
    queryFn: ({ signal }) =>
      queryMetricsRange(
        { query, ...(clusters.length > 0 ? { cluster_ids: [...clusters] } : {}), ...timeOf({ start, end, step }) },
        { signal },
      ),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  const { series, isOfOthers } = useMemo(() => {
    const { lines } = data ? linesOf(data, query) : { lines: [] };
    const wanted = isWanted ? lines.filter(isWanted) : lines;
    const isOfOthers = wanted.length === 0 && lines.length > 0;
    return { series: isOfOthers ? lines : wanted, isOfOthers };
  }, [data, query, isWanted]);
  // The levels are drawn whatever else is.
  const kept = useMemo(() => calledApart(series, MOST_SERIES - levels.length).drawn.map((each) => each.series), [series, levels]);
  const drawn = useMemo(
    () => [...kept, ...levels.map(({ name, at, tone }) => ({ name, tone, points: [[start, end], [at, at]] as const }))],
    [kept, levels, start, end],
  );
  if (data === undefined) return error ? <NotAnswered error={error} onRetry={() => void refetch()} /> : <Loading lines={5} label="Waiting for the clusters" />;
  return (
    <div aria-busy={isPlaceholderData}>
      <PartialNotice
        queried={data.clusters_queried}
        answered={data.clusters_succeeded}
        missing={data.missing}
        warnings={data.warnings}
        onRetry={() => void refetch()}
      />
      {series.length === 0 ? (
        <p className="quiet">
          {data.clusters_queried === 0
            ? "No cluster that is meant has a Prometheus that the hub knows of."
            : "The clusters have no series that matches in this time."}
        </p>
      ) : (
        <>
          {isOfOthers ? <p className="hint">The series itself is not in the answer: these are others of the same query.</p> : null}
          <Chart label={query} series={drawn} range={{ start, end }} step={levels.length > 0 ? undefined : step} unit={unitOf(query)} {...look} />
          {kept.length < series.length ? (
            <p className="hint">
              The {kept.length} highest of {count(series.length)} series are shown.
            </p>
          ) : null}
        </>
      )}
    </div>
  );
}

function NotAnswered({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const none = unansweredOf(error);
  if (none) return <PartialNotice queried={none.queried} answered={0} missing={none.missing} onRetry={onRetry} />;
  return <InlineFailure error={error} what="The series could not be read" />;
}
