/** Traces as points: when they began, and how long they took; a click opens one, dragging zooms in. */

import { useBrush } from "@/features/observability/brush";
import { duration } from "@/features/observability/traces/duration";
import type { TraceFound } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useClock } from "@/lib/moment";

interface ScatterProps {
  traces: readonly TraceFound[];
  window: { start: number; end: number };
  onOpen: (trace: TraceFound) => void;
  onZoom: (from: number, to: number) => void;
}

/** Of the drawing's own space: it is stretched to the width there is. */
const HEIGHT = 100;

export function Scatter({ traces, window, onOpen, onZoom }: ScatterProps) {
  const clock = useClock();
  const width = window.end - window.start;
  const timeAt = (part: number) => window.start + part * width;
  const brush = useBrush(([from, to]) => onZoom(timeAt(from), timeAt(to)));
  const { low, high, ticks } = scaleOf(traces.map(({ duration_ms }) => duration_ms));
  const place = (value: number) => 1 - (Math.log10(Math.max(value, low)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low));
  const errors = traces.filter(({ has_errors }) => has_errors).length;
  return (
    <figure className="traces-scatter">
      <div className="traces-scatter-scale numbers" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick} style={{ insetBlockStart: `${place(tick) * 100}%` }}>
            {duration(tick)}
          </span>
        ))}
      </div>
      <div className="traces-scatter-plot" role="presentation" {...brush.handlers}>
        <svg
          viewBox={`0 0 100 ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${plural(traces.length, "trace")} over time by duration, ${errors} with errors; the list below has the same`}
        >
          {ticks.map((tick) => (
            <line key={tick} x1={0} x2={100} y1={place(tick) * HEIGHT} y2={place(tick) * HEIGHT} />
          ))}
          {brush.stretch ? (
            <rect
              className="traces-scatter-chosen"
              x={brush.stretch[0] * 100}
              y={0}
              width={(brush.stretch[1] - brush.stretch[0]) * 100}
              height={HEIGHT}
            />
          ) : null}
        </svg>
        {traces.map((trace) => {
          const at = (Date.parse(trace.start_time) - window.start) / width;
          if (at < 0 || at > 1) return null;
          return (
            // For the pointer only: with the keyboard one opens the same from the list.
            <span
              key={trace.trace_id}
              role="presentation"
              className={trace.has_errors ? "traces-point is-error" : "traces-point"}
              style={{ insetInlineStart: `${at * 100}%`, insetBlockStart: `${place(trace.duration_ms) * 100}%` }}
              title={`${trace.root_service ?? "?"}: ${trace.root_operation ?? "?"}, ${duration(trace.duration_ms)}, ${clock(trace.start_time)}`}
              onClick={() => onOpen(trace)}
            />
          );
        })}
      </div>
      <figcaption className="traces-scatter-words numbers">
        <span>{clock(window.start).slice(5, 19)}</span>
        <span className="traces-scatter-legend">
          <span className="traces-point" /> trace
          <span className="traces-point is-error" /> with errors
        </span>
        <span>{clock(window.end).slice(5, 19)}</span>
      </figcaption>
    </figure>
  );
}

/** A scale of powers of ten that holds all values, never without height. */
export function scaleOf(values: readonly number[]): { low: number; high: number; ticks: number[] } {
  const known = values.filter((value) => value > 0);
  const least = known.length > 0 ? Math.min(...known) : 1;
  const most = known.length > 0 ? Math.max(...known) : 1_000;
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  const high = Math.max(to, from + 1);
  const ticks = Array.from({ length: high - from + 1 }, (_, at) => 10 ** (from + at));
  return { low: 10 ** from, high: 10 ** high, ticks };
}
