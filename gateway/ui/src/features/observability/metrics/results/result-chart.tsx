import { Chart, type Annotation } from "@/components/chart/chart";
import type { Zoom } from "@/components/chart/use-zoom";
import { SeriesLinks } from "@/features/observability/metrics/results/series-links";
import type { Line } from "@/features/observability/metrics/results/lines";
import { unitOf } from "@/features/observability/metrics/results/unit-of";
import type { Answered } from "@/features/observability/metrics/use-metrics";
import { resolveRange, useNow } from "@/lib/moment";
import type { Range } from "@/lib/time";

interface ResultChartProps {
  data: Answered;
  marks: readonly Annotation[];
  isOld: boolean;
  range: Range;
  step: number;
  zoom: Zoom;
}

export function ResultChart({ data, marks, isOld, range, step, zoom }: ResultChartProps) {
  const { query } = data.body;
  const now = useNow(60_000);
  // While another range is read, the axis is already that of the new one.
  const shown = isOld ? resolveRange(range, now) : data;
  return (
    <Chart
      label={query}
      series={data.lines}
      range={shown}
      step={isOld ? undefined : step}
      unit={unitOf(query)}
      syncKey="metrics"
      annotations={marks}
      onZoom={zoom.zoomTo}
      onZoomBack={zoom.zoomBack}
      actionsOf={(series) => <SeriesLinks line={series as Line} />}
    />
  );
}
