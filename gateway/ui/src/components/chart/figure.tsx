/** A chart with its crosshair, its legend and what it says to those who do not see it. */

import { Button } from "@patternfly/react-core";
import { useId, useMemo, useRef, useState } from "react";
import type uPlot from "uplot";

import { align } from "@/components/chart/align";
import { CHART_HEIGHT, type Annotation, type ChartProps } from "@/components/chart/chart";
import { CrosshairNote } from "@/components/chart/crosshair-note";
import { Legend } from "@/components/chart/legend";
import { asSelector } from "@/components/chart/lines";
import { PlotCanvas } from "@/components/chart/plot-canvas";
import { Ribbon } from "@/components/chart/ribbon";
import { reading, summary } from "@/components/chart/said";
import { calledApart } from "@/components/chart/top";
import { useCrosshairKeys } from "@/components/chart/use-crosshair-keys";
import { count } from "@/lib/format";
import { useClock } from "@/lib/moment";
import { useSettings } from "@/lib/settings";

const NONE: ReadonlySet<string> = new Set();
const UNMARKED: readonly Annotation[] = [];

export default function Figure(props: ChartProps) {
  const { label, series, range, unit = "none", step, kind = "lines", height = CHART_HEIGHT } = props;
  const { syncKey, onZoom, onZoomBack, annotations = UNMARKED, legend = "table", actionsOf } = props;
  const { stretches, onStretch } = props;
  const { drawn, common } = useMemo(() => calledApart(series), [series]);
  const shown = useMemo(() => drawn.map((each) => each.series), [drawn]);
  const data = useMemo(() => align(shown.map(({ points }) => points), step), [shown, step]);

  const [wanted, setIsolated] = useState(NONE);
  const isolated = useMemo(() => existing(wanted, shown), [wanted, shown]);
  const [at, setAt] = useState<{ index: number; left: number } | null>(null);
  const [axis, setAxis] = useState<{ left: number; width: number }>();
  const [focused, setFocused] = useState<number | null>(null);
  const [pointed, setPointed] = useState(false);
  const zone = useSettings((settings) => settings.zone);
  const clock = useClock();
  const hint = useId();

  const plot = useRef<uPlot>(undefined);
  const { keyed, ...keys } = useCrosshairKeys({ plot, data, range, at: at?.index, onZoom, onZoomBack });

  const time = at === null ? undefined : data.times[at.index];
  const values = at === null ? undefined : data.columns.map((column) => column[at.index]);
  return (
    <figure className="chart" aria-label={label}>
      <div
        className="chart-plot"
        style={{ blockSize: height }}
        onPointerEnter={() => setPointed(true)}
        onPointerLeave={() => setPointed(false)}
      >
        <PlotCanvas
          key={`${kind} ${unit} ${syncKey} ${shown.map(({ name, tone = "" }) => name + tone).join("\n")}`}
          label={summary(label, drawn, series.length, range, unit, clock)}
          height={height}
          kind={kind}
          series={shown}
          unit={unit}
          syncKey={syncKey}
          data={data}
          isolated={isolated}
          start={range.start}
          end={range.end}
          zone={zone}
          annotations={annotations}
          told={{
            onCursor: (index, left) => setAt(index === null || left < 0 ? null : { index, left }),
            onFocus: setFocused,
            onLaid: (left, width) =>
              setAxis((before) => (before?.left === left && before.width === width ? before : { left, width })),
            onBrush: (from, to) => onZoom?.(from, to),
            onZoomBack: () => onZoomBack?.(),
          }}
          onMade={(made) => (plot.current = made)}
        />
        <div
          className="chart-crosshair"
          role="slider"
          tabIndex={0}
          aria-label={`Time in ${label}`}
          aria-describedby={hint}
          aria-valuemin={range.start}
          aria-valuemax={range.end}
          aria-valuenow={time ?? range.end}
          aria-valuetext={time === undefined ? "no time chosen" : reading(clock(time), shown, values!, unit)}
          {...keys}
        />
        <span id={hint} className="visually-hidden">
          Arrow keys move the crosshair. Plus zooms in around it, minus zooms out.
        </span>
        {time !== undefined && (pointed || keyed) ? (
          <CrosshairNote
            plot={plot}
            left={at!.left}
            time={time}
            series={shown}
            values={values!}
            focused={focused}
            isolated={isolated}
            unit={unit}
            annotations={annotations}
          />
        ) : null}
      </div>
      {stretches && stretches.length > 0 ? (
        <Ribbon label="Anomalies" of={label} stretches={stretches} range={range} axis={axis} onOpen={onStretch} />
      ) : null}
      {drawn.length < series.length || isolated.size > 0 ? (
        <p className="hint chart-top">
          {drawn.length < series.length
            ? `The ${count(drawn.length)} highest of ${count(series.length)} series are shown` +
              `${Object.keys(common).length > 0 ? `, all of ${asSelector(common)}. ` : ". "}` +
              "Narrow the query to see others. "
            : null}
          {isolated.size > 0 ? (
            <Button variant="link" isInline onClick={() => setIsolated(NONE)}>
              Show all {count(drawn.length)}
            </Button>
          ) : null}
        </p>
      ) : null}
      {annotations.length > 0 ? (
        <ul className="visually-hidden">
          {annotations.map((each, index) => (
            <li key={`${each.at} ${each.label} ${index}`}>
              {clock(each.at)}: {each.label}
            </li>
          ))}
        </ul>
      ) : null}
      {legend === "table" ? (
        <Legend
          label={`Legend of ${label}`}
          drawn={drawn}
          values={values}
          at={time}
          unit={unit}
          isolated={isolated}
          focused={focused}
          onIsolate={setIsolated}
          onHover={(index) => plot.current?.setSeries(index === null ? null : index + 1, { focus: true })}
          actionsOf={actionsOf}
        />
      ) : null}
    </figure>
  );
}

/** Those that are still there: a series that is gone hides no others. */
function existing(wanted: ReadonlySet<string>, shown: readonly { name: string }[]): ReadonlySet<string> {
  if (wanted.size === 0) return NONE;
  return new Set(shown.map(({ name }) => name).filter((name) => wanted.has(name)));
}
