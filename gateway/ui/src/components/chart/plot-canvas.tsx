/**
 * One uPlot, as a component: fed when its data change, redrawn when its frame or the theme does, gone
 * with it. Other series, kinds and units are another plot: its `key` must tell them apart.
 */

import "uplot/dist/uPlot.min.css";

import { useEffect, useEffectEvent, useRef } from "react";
import uPlot from "uplot";

import { stacked, type Aligned, type Column } from "@/components/chart/align";
import type { Annotation } from "@/components/chart/chart";
import { readPalette } from "@/components/chart/palette";
import { plotOptions, type Frame, type PlotInput } from "@/components/chart/plot";
import type { Zone } from "@/lib/settings";

interface PlotCanvasProps extends Pick<PlotInput, "kind" | "series" | "unit" | "syncKey" | "height" | "told"> {
  /** The plot in words. */
  label: string;
  data: Aligned;
  /** Names of the series that are shown; empty: all. */
  isolated: ReadonlySet<string>;
  start: number;
  end: number;
  zone: Zone;
  annotations: readonly Annotation[];
  onMade: (plot: uPlot | undefined) => void;
}

export function PlotCanvas(props: PlotCanvasProps) {
  const { label, data, isolated, start, end, zone, annotations, kind, series, height } = props;
  const mount = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const frame = useRef<Frame>({ start, end, zone, annotations, palette: undefined });
  const now = useEffectEvent(() => props);

  useEffect(() => {
    const parent = mount.current!;
    if (!canDraw()) return;
    const made = make(parent, frame.current, now);
    plot.current = made;
    now().onMade(made);
    const size = new ResizeObserver(() => {
      if (parent.clientWidth > 0) made.setSize({ width: parent.clientWidth, height: now().height });
    });
    size.observe(parent);
    const theme = new MutationObserver(() => {
      frame.current.palette = readPalette(parent);
      // Paths too: they keep the colours that they were made with.
      made.redraw(true);
    });
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    return () => {
      size.disconnect();
      theme.disconnect();
      made.destroy();
      plot.current = undefined;
      now().onMade(undefined);
    };
  }, []);

  useEffect(() => {
    const made = plot.current;
    if (made && made.height !== height) made.setSize({ width: made.width, height });
  }, [height]);

  useEffect(() => {
    const shown = (name: string) => isolated.size === 0 || isolated.has(name);
    plot.current?.batch((made: uPlot) => {
      for (const [index, { name }] of series.entries()) {
        if (made.series[index + 1]!.show !== shown(name)) made.setSeries(index + 1, { show: shown(name) });
      }
      made.setData(drawn(data, kind, series.map(({ name }) => shown(name))));
    });
  }, [data, isolated, kind, series]);

  useEffect(() => {
    Object.assign(frame.current, { start, end, zone, annotations });
    plot.current?.setScale("x", { min: start, max: end });
  }, [start, end, zone, annotations]);

  return <div ref={mount} role="img" aria-label={label} />;
}

function make(parent: HTMLDivElement, frame: Frame, now: () => PlotCanvasProps): uPlot {
  const { data, kind, series, height, syncKey, unit } = now();
  frame.palette = readPalette(parent);
  const options = plotOptions({
    kind,
    series,
    height,
    syncKey,
    unit,
    width: parent.clientWidth,
    frame,
    told: {
      onCursor: (at, left) => now().told.onCursor(at, left),
      onLaid: (left, width) => now().told.onLaid(left, width),
      onFocus: (each) => now().told.onFocus(each),
      onBrush: (from, to) => now().told.onBrush(from, to),
      onZoomBack: () => now().told.onZoomBack(),
    },
  });
  return new uPlot(options, drawn(data, kind, series.map(() => true)), parent);
}

function drawn({ times, columns }: Aligned, kind: "lines" | "bars", shown: readonly boolean[]): uPlot.AlignedData {
  if (kind === "lines") return [times, ...columns];
  const hidden: Column = times.map(() => 0);
  return [times, ...stacked(columns.map((column, index) => (shown[index] ? column : hidden)))];
}

/** Without a canvas there still is the legend, which tells the figures. */
function canDraw(): boolean {
  return typeof Path2D !== "undefined" && document.createElement("canvas").getContext("2d") !== null;
}
