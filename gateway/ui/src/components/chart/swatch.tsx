import { colourOf, dashOf } from "@/components/chart/palette";
import type { ChartSeries } from "@/components/chart/chart";

/** The line of a series as it is drawn: colour and dashes. */
export function Swatch({ index, tone }: { index: number; tone?: ChartSeries["tone"] }) {
  return (
    <svg className="chart-swatch" width="18" height="8" aria-hidden="true">
      <line
        x1="0"
        x2="18"
        y1="4"
        y2="4"
        strokeWidth="3"
        style={{ stroke: colourOf(index, tone) }}
        strokeDasharray={dashOf(index, tone).join(" ")}
      />
    </svg>
  );
}
