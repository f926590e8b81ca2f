import { Chart, type Annotation } from "@/components/chart/chart";
import { itemId } from "@/features/observability/metrics/anomalies/found-list";
import type { Zoom } from "@/components/chart/use-zoom";
import { SeriesLinks } from "@/features/observability/metrics/results/series-links";
import type { Line } from "@/components/chart/lines";
import type { Stretch } from "@/components/chart/stretches";
import { unitOf } from "@/components/chart/unit-of";
import type { Answered } from "@/features/observability/metrics/use-metrics";
import { resolveRange, useNow } from "@/lib/moment";
import { useGo } from "@/lib/place";
import type { Range } from "@/lib/time";

interface ResultChartProps {
  data: Answered;
  marks: readonly Annotation[];
  stretches: readonly Stretch[];
  isOld: boolean;
  range: Range;
  step: number;
  zoom: Zoom;
}

export function ResultChart({ data, marks, stretches, isOld, range, step, zoom }: ResultChartProps) {
  const { query } = data.body;
  const now = useNow(60_000);
  const go = useGo();
  /** One that was found just now is told below; one that was told before has a page. */
  const open = ({ id }: Stretch) => {
    const item = document.getElementById(itemId(id));
    if (item === null) go(`/anomalies/${id}`);
    else item.focus();
  };
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
      stretches={stretches}
      onStretch={open}
      onZoom={zoom.zoomTo}
      onZoomBack={zoom.zoomBack}
      actionsOf={(series) => <SeriesLinks line={series as Line} />}
    />
  );
}
