/** Lines or bars over time, with a legend that is a table. What draws them is loaded when one is first shown. */

import "@/components/chart/chart.css";

import { lazy, Suspense, type ReactNode } from "react";

import type { Stretch } from "@/components/chart/stretches";
import type { Unit } from "@/components/chart/units";

export interface ChartSeries {
  /** Unlike all others in its chart. */
  name: string;
  labels?: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, ascending, and as many values; NaN where there is none. */
  points: readonly [times: ArrayLike<number>, values: ArrayLike<number>];
  /** Drawn in the colour of a meaning instead of the next one. */
  tone?: "danger" | "warning" | "info" | "success" | "neutral";
}

/** Something that happened, marked at its time. */
export interface Annotation {
  at: number;
  until?: number;
  label: string;
  /** `success`: something has ended; it is marked from below. */
  tone?: "danger" | "warning" | "info" | "success";
}

export interface ChartProps {
  /** What it shows: `CPU by cluster`. */
  label: string;
  series: readonly ChartSeries[];
  /** Of the time axis, in milliseconds since 1970. */
  range: { start: number; end: number };
  unit?: Unit;
  /** Milliseconds between points: where more lie between two, there is a gap. */
  step?: number | undefined;
  /** Bars are stacked. */
  kind?: "lines" | "bars";
  /** Pixels of the plot; the legend is below. */
  height?: number;
  /** Charts of the same key have one crosshair. */
  syncKey?: string;
  /** A span was brushed, or chosen by `+`; milliseconds since 1970. */
  onZoom?: ((from: number, to: number) => void) | undefined;
  /** Double-click, or `-`. */
  onZoomBack?: (() => void) | undefined;
  annotations?: readonly Annotation[];
  /** What was found in the series, under the time axis; `onStretch`: one was chosen. */
  stretches?: readonly Stretch[] | undefined;
  onStretch?: ((stretch: Stretch) => void) | undefined;
  legend?: "table" | "none";
  /** What leads on from a series, at the end of its row. */
  actionsOf?: (series: ChartSeries) => ReactNode;
}

const Figure = lazy(() => import("@/components/chart/figure"));

export const CHART_HEIGHT = 260;

export function Chart(props: ChartProps) {
  const { height = CHART_HEIGHT } = props;
  return (
    <Suspense fallback={<div className="chart-waiting" style={{ blockSize: height }} aria-busy="true" />}>
      <Figure {...props} />
    </Suspense>
  );
}
