/** What stands beside the crosshair: the time and the values there. */

import type { RefObject } from "react";
import type uPlot from "uplot";

import type { Annotation, ChartSeries } from "@/components/chart/chart";
import { inOrder } from "@/components/chart/said";
import { Swatch } from "@/components/chart/swatch";
import { formatValue, type Unit } from "@/components/chart/units";
import { useClock } from "@/lib/moment";

interface CrosshairNoteProps {
  plot: RefObject<uPlot | undefined>;
  /** Of the crosshair, in pixels from the left of the plot. */
  left: number;
  time: number;
  series: readonly ChartSeries[];
  values: readonly (number | null | undefined)[];
  focused: number | null;
  isolated: ReadonlySet<string>;
  unit: Unit;
  annotations: readonly Annotation[];
}

const MOST = 10;
const MOST_EVENTS = 5;
/** Of the width: an annotation that is nearer than that is meant. */
const NEAR = 0.01;

export function CrosshairNote(props: CrosshairNoteProps) {
  const { plot, left, time, series, values, focused, isolated, unit, annotations } = props;
  const clock = useClock();
  const over = plot.current?.over;
  const scale = plot.current?.scales["x"];
  const near = ((scale?.max ?? 0) - (scale?.min ?? 0)) * NEAR;
  const offset = over?.offsetLeft ?? 0;
  const width = over?.offsetWidth ?? 0;
  const known = inOrder(values).filter((index) => isolated.size === 0 || isolated.has(series[index]!.name));
  const around = aroundFocus(known, focused);
  const meant = annotations.filter(({ at, until = at }) => time >= at - near && time <= until + near);
  const place =
    left > width / 2
      ? { insetInlineEnd: `calc(100% - ${offset + left - 12}px)` }
      : { insetInlineStart: offset + left + 12 };
  return (
    <div className="chart-note" style={place} aria-hidden="true">
      <div className="chart-note-time numbers">{clock(time)}</div>
      {meant.slice(0, MOST_EVENTS).map(({ at, label }, index) => (
        <div key={`${at} ${label} ${index}`} className="chart-note-event">
          {label}
        </div>
      ))}
      {meant.length > MOST_EVENTS ? <div className="quiet">and {meant.length - MOST_EVENTS} more</div> : null}
      {around.map((index) => (
        <div key={series[index]!.name} className={index === focused ? "chart-note-row is-focused" : "chart-note-row"}>
          <Swatch index={index} tone={series[index]!.tone} />
          <span className="cut">{series[index]!.name}</span>
          <span className="numbers">{formatValue(values[index], unit)}</span>
        </div>
      ))}
      {known.length > around.length ? <div className="quiet">{known.length - around.length} more</div> : null}
      {known.length === 0 ? <div className="quiet">No values</div> : null}
    </div>
  );
}

/** The highest; where one is pointed at, those next to it. */
function aroundFocus(known: readonly number[], focused: number | null): readonly number[] {
  const place = focused === null ? -1 : known.indexOf(focused);
  const first = Math.max(0, Math.min(place - MOST / 2, known.length - MOST));
  return known.slice(first, first + MOST);
}
