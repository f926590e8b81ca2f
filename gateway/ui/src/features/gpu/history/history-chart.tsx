import { useToldAnomalies } from "@/components/anomalies/use-told";
import { metricOfColumn } from "@/components/anomalies/words";
import { Chart } from "@/components/chart/chart";
import type { Zoom } from "@/components/chart/use-zoom";
import { useLines, type Told } from "@/features/gpu/history/use-history";
import { COLUMNS } from "@/features/gpu/values";
import type { GpuColumn } from "@/generated/api.schemas";
import { useGo } from "@/lib/place";

interface HistoryChartProps {
  told: Told;
  column: GpuColumn;
  /** The one GPU that is shown; without it, all of the node. */
  uuid?: string | undefined;
  zoom: Zoom;
  height?: number;
  legend?: "table" | "none";
}

export const columnTitle = (column: GpuColumn): string => COLUMNS[column].name;

/** One metric over time, a line for each GPU; all such charts have one crosshair. */
export function HistoryChart({ told, column, uuid, zoom, height = 200, legend = "table" }: HistoryChartProps) {
  const series = useLines(told, column);
  const go = useGo();
  const metric = metricOfColumn(column);
  const { stretches, lacking } = useToldAnomalies({
    cluster_id: [told.cluster_id],
    metric: [metric ?? ""],
    label: [uuid === undefined ? `node=${told.node_name}` : `gpu_uuid=${uuid}`],
    range: metric === undefined ? undefined : told,
  });
  return (
    <>
      <Chart
        label={columnTitle(column)}
        series={series}
        range={told}
        unit={COLUMNS[column].unit}
        step={told.step_seconds * 1000}
        height={height}
        legend={legend}
        syncKey="gpu"
        stretches={stretches}
        onStretch={({ id }) => go(`/anomalies/${id}`)}
        onZoom={zoom.zoomTo}
        onZoomBack={zoom.zoomBack}
      />
      {lacking ? <p className="hint">{lacking}</p> : null}
    </>
  );
}
