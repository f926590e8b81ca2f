/** How uPlot is told to draw: axes, strokes, crosshair and what it tells back. */

import uPlot from "uplot";

import { lonely, type Column } from "@/components/chart/align";
import type { Annotation, ChartSeries } from "@/components/chart/chart";
import { dashOf, strokeOf, type Palette } from "@/components/chart/palette";
import { timeLabels, inZone } from "@/components/chart/ticks";
import { formatValue, stepsOf, type Unit } from "@/components/chart/units";
import type { Zone } from "@/lib/settings";

export interface PlotTold {
  /** The crosshair is at this point of the axis, this far from the left; null: nowhere. */
  onCursor: (at: number | null, left: number) => void;
  /** Where the time axis lies, in pixels from the left; told with each drawing. */
  onLaid: (left: number, width: number) => void;
  /** The line under the pointer, by its number. */
  onFocus: (series: number | null) => void;
  onBrush: (from: number, to: number) => void;
  onZoomBack: () => void;
}

export interface PlotInput {
  width: number;
  height: number;
  kind: "lines" | "bars";
  series: readonly ChartSeries[];
  unit: Unit;
  syncKey: string | undefined;
  frame: Frame;
  told: PlotTold;
}

/** What it draws within; read each time that it draws. */
export interface Frame {
  start: number;
  end: number;
  zone: Zone;
  annotations: readonly Annotation[];
  palette: Palette | undefined;
}

/** A shorter brush is a click. */
const LEAST_BRUSH = 6;

export function plotOptions(input: PlotInput): uPlot.Options {
  const { width, height, series, told, syncKey, frame } = input;
  return {
    width,
    height,
    ms: 1,
    tzDate: (at) => inZone(at, frame.zone),
    padding: [8, 20, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.25 },
    scales: {
      x: { time: true, range: () => [frame.start, frame.end] },
      y: input.kind === "bars" ? { range: (_, __, max) => [0, max > 0 ? max * 1.05 : 1] } : {},
    },
    axes: axes(input),
    series: [{}, ...series.map((each, index) => line(input, each, index))],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      focus: { prox: series.length > 1 && input.kind === "lines" ? 24 : -1 },
      points: { show: input.kind === "lines" && series.length <= 16, size: 6 },
      bind: {
        dblclick: () => () => {
          told.onZoomBack();
          return null;
        },
      },
      ...(syncKey === undefined ? {} : { sync: sync(syncKey) }),
    },
    hooks: {
      setCursor: [(plot) => told.onCursor(plot.cursor.idx ?? null, plot.cursor.left ?? 0)],
      setSeries: [
        (_, index, changed) => {
          if ("focus" in changed) told.onFocus(toSeries(index));
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width: brushed } = plot.select;
          if (brushed === 0) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (brushed >= LEAST_BRUSH) {
            told.onBrush(plot.posToVal(left, "x"), plot.posToVal(left + brushed, "x"));
          }
        },
      ],
      draw: [
        (plot) => {
          annotate(plot, frame);
          told.onLaid(plot.bbox.left / uPlot.pxRatio, plot.bbox.width / uPlot.pxRatio);
        },
      ],
    },
  } as uPlot.Options;
}

const toSeries = (index: number | null) => (index === null || index === 0 ? null : index - 1);

/** Only where the crosshair is: a brush is for one chart, its zoom for all. */
function sync(key: string): uPlot.Cursor.Sync {
  const filters = { pub: (type: string) => type === "mousemove", sub: (type: string) => type === "mousemove" };
  return { key, scales: ["x", null], setSeries: false, filters };
}

function line({ frame, kind, series }: PlotInput, { tone, name }: ChartSeries, index: number): uPlot.Series {
  const stroke = () => strokeOf(frame.palette!, index, tone);
  if (kind === "bars") {
    const paths = uPlot.paths.bars!({ size: [0.85, 60] });
    return { label: name, stroke, fill: stroke, width: 0, points: { show: false }, paths };
  }
  return {
    label: name,
    stroke,
    width: series.length > 20 && tone === undefined ? 1 : 1.5,
    dash: [...dashOf(index, tone)],
    points: {
      show: true,
      size: 4,
      width: 0,
      fill: stroke,
      filter: (plot, number) => lonelyOf(plot.data[number] as Column),
    },
  };
}

const known = new WeakMap<Column, number[]>();

/** Found once for the data, as it is asked for whenever a line is pointed at. */
function lonelyOf(column: Column): number[] {
  const found = known.get(column) ?? lonely(column);
  known.set(column, found);
  return found;
}

function axes({ frame, unit }: PlotInput): uPlot.Axis[] {
  const look = {
    stroke: () => frame.palette!.text,
    font: frame.palette!.font,
    grid: { stroke: () => frame.palette!.line, width: 1 },
    ticks: { stroke: () => frame.palette!.line, width: 1, size: 4 },
  };
  const incrs = stepsOf(unit);
  return [
    {
      ...look,
      grid: { show: false },
      size: 40,
      space: 70,
      values: (_, splits, __, ___, between) => timeLabels(splits, between, frame.zone),
    },
    {
      ...look,
      ...(incrs ? { incrs } : {}),
      // At least as wide as most are, so that charts above each other have their times above each other.
      size: (_, values) => Math.max(62, ...(values ?? []).map((each) => each.length * 6.5 + 14)),
      values: (_, splits) => splits.map((value) => formatValue(value, unit)),
    },
  ];
}

type Tone = NonNullable<Annotation["tone"]>;

function annotate(plot: uPlot, { annotations, palette }: Frame): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { at, until, tone = "info" } of annotations) {
    const from = plot.valToPos(at, "x", true);
    const to = until === undefined ? from : plot.valToPos(until, "x", true);
    if (to < bbox.left || from > bbox.left + bbox.width) continue;
    const [foot, head] = tone === "success" ? [bbox.top + bbox.height, -1] : [bbox.top, 1];
    ctx.strokeStyle = palette!.tones[tone];
    ctx.fillStyle = palette!.tones[tone];
    ctx.setLineDash(MARK_DASHES[tone]);
    // The lines behind many marks must still be read.
    ctx.globalAlpha = 0.45;
    ctx.beginPath();
    ctx.moveTo(from, bbox.top);
    ctx.lineTo(from, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 0.12;
    ctx.fillRect(from, bbox.top, Math.max(0, Math.min(to, bbox.left + bbox.width) - from), bbox.height);
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    flag(ctx, tone, { at: from, foot, head });
  }
  ctx.restore();
}

/** Their tones differ by more than colour: by dashes, and by the flag at the end. */
const MARK_DASHES: Readonly<Record<Tone, number[]>> = { danger: [], warning: [4, 3], info: [1, 3], success: [8, 3] };

/** What is critical is large and filled, a warning an outline, what is merely told a dot; what has ended points up. */
function flag(ctx: CanvasRenderingContext2D, tone: Tone, { at, foot, head }: { at: number; foot: number; head: number }): void {
  ctx.beginPath();
  if (tone === "info") {
    ctx.arc(at, foot + 4 * head, 3, 0, 2 * Math.PI);
    ctx.fill();
    return;
  }
  const half = tone === "danger" ? 6 : 5;
  ctx.moveTo(at - half, foot);
  ctx.lineTo(at + half, foot);
  ctx.lineTo(at, foot + (tone === "danger" ? 10 : 7) * head);
  ctx.closePath();
  if (tone === "warning") ctx.stroke();
  else ctx.fill();
}
