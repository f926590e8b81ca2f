/** The crosshair by keyboard. */

import { useState, type KeyboardEvent, type RefObject } from "react";
import type uPlot from "uplot";

import type { Aligned } from "@/components/chart/align";
import type { ChartProps } from "@/components/chart/chart";

interface CrosshairKeys extends Pick<ChartProps, "range" | "onZoom" | "onZoomBack"> {
  plot: RefObject<uPlot | undefined>;
  data: Aligned;
  at: number | undefined;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** What the slider is given; `keyed`: the crosshair was moved by keys last. */
export function useCrosshairKeys({ plot, data, range, at, onZoom, onZoomBack }: CrosshairKeys) {
  const [keyed, setKeyed] = useState(false);
  const move = (index: number) => {
    const shown = plot.current;
    const time = data.times[index];
    if (!shown || time === undefined) return;
    // The third argument, not in its types: charts with the same key follow.
    const set = shown.setCursor as (where: uPlot.Cursor.LeftTop | object, fire: boolean, publish: boolean) => void;
    set({ left: shown.valToPos(time, "x"), top: -1 }, true, true);
    setKeyed(true);
  };
  const leave = () => {
    setKeyed(false);
    plot.current?.setCursor({ left: -10, top: -10 });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = data.times.length - 1;
    const step = STEPS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step !== undefined) {
      const from = at ?? (step > 0 ? -1 : last + 1);
      move(Math.max(0, Math.min(last, from + (Number.isFinite(step) && event.shiftKey ? step * 10 : step))));
    } else if ((event.key === "+" || event.key === "=") && onZoom) {
      const middle = data.times[at ?? -1] ?? (range.start + range.end) / 2;
      const quarter = (range.end - range.start) / 4;
      onZoom(middle - quarter, middle + quarter);
    } else if (event.key === "-" && onZoomBack) {
      onZoomBack();
    } else if (event.key === "Escape" && keyed) {
      leave();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return { keyed, onKeyDown, onBlur: leave };
}
