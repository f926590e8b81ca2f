import { Chart } from "@/components/chart/chart";
import type { Zoom } from "@/components/chart/use-zoom";
import { useLines, type Told } from "@/features/gpu/history/use-history";
import { COLUMNS } from "@/features/gpu/values";
import type { GpuColumn } from "@/generated/api.schemas";

interface HistoryChartProps {
  told: Told;
  column: GpuColumn;
  zoom: Zoom;
  height?: number;
  legend?: "table" | "none";
}

export const columnTitle = (column: GpuColumn): string => COLUMNS[column].name;

/** One metric over time, a line for each GPU; all such charts have one crosshair. */
export function HistoryChart({ told, column, zoom, height = 200, legend = "table" }: HistoryChartProps) {
  const series = useLines(told, column);
  return (
    <Chart
      label={columnTitle(column)}
      series={series}
      range={told}
      unit={COLUMNS[column].unit}
      step={told.step_seconds * 1000}
      height={height}
      legend={legend}
      syncKey="gpu"
      onZoom={zoom.zoomTo}
      onZoomBack={zoom.zoomBack}
    />
  );
}
