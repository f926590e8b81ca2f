/** The series around an anomaly: of its watch, of its GPU, or by its own name. */

import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";

import { stretchOf } from "@/components/anomalies/stretches";
import { gpuMetric, gpuOf, isCounter, metricTitle, seriesInWords } from "@/components/anomalies/words";
import { Chart } from "@/components/chart/chart";
import { InlineFailure, Loading } from "@/components/states";
import { isSeriesOf, queryOf, selectorOf } from "@/features/anomalies/detail/around";
import { boundsOf } from "@/features/anomalies/shared/bounds";
import { QueryChart } from "@/features/anomalies/shared/query-chart";
import { useGetGpuHistory, useGetWatch } from "@/generated/api";
import type { AnomalyView } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { PageLink } from "@/lib/place";

interface SeriesChartProps {
  anomaly: AnomalyView;
  range: { start: number; end: number };
}

const HEIGHT = 240;

export function SeriesChart(props: SeriesChartProps) {
  const { anomaly } = props;
  if (gpuMetric(anomaly)) return <OfGpu {...props} />;
  if (gpuOf(anomaly) !== undefined) return <p className="quiet">Of this measure of a GPU no history is kept.</p>;
  if (anomaly.watch_id != null) return <OfWatch {...props} watchId={anomaly.watch_id} />;
  return <OfQuery {...props} query={selectorOf(anomaly)} />;
}

function OfWatch({ watchId, ...props }: SeriesChartProps & { watchId: string }) {
  const { data, error } = useGetWatch(watchId, {}, { query: { staleTime: 60_000 } });
  if (data) return <OfQuery {...props} query={data.query} above={data.above} below={data.below} />;
  if (error === null) return <Loading lines={5} label="Loading its watch" />;
  if (error instanceof ApiError && error.status === 404) {
    const query = selectorOf(props.anomaly);
    return (
      <>
        <p className="hint">Its watch has been removed{query === undefined ? ", so what it asked is not known any more." : "; this is the series by its own name."}</p>
        {query === undefined ? null : <OfQuery {...props} query={query} />}
      </>
    );
  }
  return <InlineFailure error={error} what="Its watch could not be read" />;
}

interface OfQueryProps extends SeriesChartProps {
  query: string | undefined;
  /** Bounds of its watch, as it is now. */
  above?: number | null | undefined;
  below?: number | null | undefined;
}

function OfQuery({ anomaly, range, query, above, below }: OfQueryProps) {
  const stretches = useMemo(() => [stretchOf(anomaly)], [anomaly]);
  const isWanted = useMemo(() => isSeriesOf(anomaly), [anomaly]);
  const { expected_value: expected } = anomaly;
  const isRate = isCounter(anomaly);
  const levels = useMemo(
    () => [
      ...(expected === null ? [] : [{ name: "middle of what was usual", at: expected, tone: "neutral" as const }]),
      // Bounds are of values, and of a counter the rate is looked at.
      ...(isRate ? [] : boundsOf(above, below)),
    ],
    [expected, isRate, above, below],
  );
  const asked = queryOf(anomaly, query);
  if (asked === undefined) {
    return (
      <p className="quiet">
        It was found in what a query came to. Ask it again in <PageLink to="/observability/metrics">metrics</PageLink>.
      </p>
    );
  }
  return (
    <QueryChart
      query={asked}
      clusters={[anomaly.cluster_id]}
      range={range}
      isWanted={isWanted}
      levels={levels}
      annotations={marksOf(anomaly)}
      stretches={stretches}
      height={HEIGHT}
    />
  );
}

function OfGpu({ anomaly, range }: SeriesChartProps) {
  const { column, unit, by } = gpuMetric(anomaly)!;
  const { node = "", gpu_uuid = "" } = anomaly.labels;
  const { data, error } = useGetGpuHistory(
    {
      cluster_id: anomaly.cluster_id,
      node_name: node,
      gpu_uuid,
      metric: [column],
      from: new Date(range.start).toISOString(),
      to: new Date(range.end).toISOString(),
    },
    { query: { placeholderData: keepPreviousData, staleTime: 30_000 } },
  );
  const stretches = useMemo(() => [stretchOf(anomaly)], [anomaly]);
  const series = useMemo(() => {
    const points = data?.series[0]?.points ?? [];
    const times = points.map(([at]) => at * 1000);
    const expected = anomaly.expected_value === null ? undefined : anomaly.expected_value * by;
    return [
      { name: seriesInWords(anomaly), points: [times, points.map(([, value]) => (value === null ? Number.NaN : value * by))] as const },
      ...(expected === undefined || times.length === 0
        ? []
        : [{ name: "middle of what was usual", tone: "neutral" as const, points: [times, times.map(() => expected)] as const }]),
    ];
  }, [data, anomaly, by]);
  if (data === undefined) {
    return error ? <InlineFailure error={error} what="The history could not be read" /> : <Loading lines={5} label="Loading the history" />;
  }
  if (series[0]!.points[0].length === 0) return <p className="quiet">Nothing is kept of this GPU from that time any more.</p>;
  return (
    <Chart
      label={`${metricTitle(anomaly)} of ${seriesInWords(anomaly)}`}
      series={series}
      range={range}
      unit={unit}
      step={data.step_seconds * 1000}
      height={HEIGHT}
      annotations={marksOf(anomaly)}
      stretches={stretches}
    />
  );
}

function marksOf({ detected_at, ended_at }: AnomalyView) {
  return [{ at: Date.parse(detected_at), ...(ended_at == null ? {} : { until: Date.parse(ended_at) }), label: "The anomaly", tone: "warning" as const }];
}
