import { useId, useState, type PointerEvent } from "react";

import { summaryOf, type Bar } from "@/features/clusters/detail/history";
import { scoreTone } from "@/features/clusters/shared/health";
import { useClock } from "@/lib/moment";

interface HealthChartProps {
  bars: readonly Bar[];
  start: number;
  end: number;
  /** A stretch of time was marked. */
  onZoom: (start: number, end: number) => void;
}

const HEIGHT = 100;
const WIDE = 10;

/** One bar a step: as high as the worst score in it; hatched where nothing answered. */
export function HealthChart({ bars, start, end, onZoom }: HealthChartProps) {
  const hatch = useId();
  const clock = useClock();
  const [at, setAt] = useState<number>();
  const [from, setFrom] = useState<number>();
  const under = (event: PointerEvent) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / width) * bars.length);
    return Math.max(0, Math.min(bars.length - 1, place));
  };
  const bar = at === undefined ? undefined : bars[at];
  const step = bars.length > 1 ? bars[1]!.at - bars[0]!.at : 0;
  const release = (event: PointerEvent) => {
    const to = under(event);
    if (from !== undefined && Math.abs(to - from) > 1) {
      const [first, last] = from < to ? [from, to] : [to, from];
      onZoom(bars[first]!.at, bars[last]!.at + step);
    }
    setFrom(undefined);
  };
  const marked = from !== undefined && at !== undefined ? ([Math.min(from, at), Math.max(from, at)] as const) : undefined;
  return (
    <figure className="clusters-chart">
      <p className="clusters-chart-said numbers">
        {bar ? `${clock(bar.at)} · ${inWords(bar)}` : <span className="quiet">Worst score of each step. Drag to zoom.</span>}
      </p>
      <div className="clusters-chart-plot">
        <div className="clusters-chart-scale numbers" aria-hidden>
          <span>100</span>
          <span>50</span>
          <span>0</span>
        </div>
        <svg
          role="img"
          aria-label={summaryOf(bars)}
          viewBox={`0 0 ${Math.max(1, bars.length) * WIDE} ${HEIGHT}`}
          preserveAspectRatio="none"
          onPointerMove={(event) => setAt(under(event))}
          onPointerLeave={() => {
            setAt(undefined);
            setFrom(undefined);
          }}
          onPointerDown={(event) => setFrom(under(event))}
          onPointerUp={release}
        >
          <defs>
            <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <line x1="0" y1="0" x2="0" y2="6" className="clusters-chart-hatch" />
            </pattern>
          </defs>
          <line x1="0" x2={bars.length * WIDE} y1="50" y2="50" className="clusters-chart-half" />
          {bars.map((each, place) => (
            <Column key={each.at} bar={each} place={place} hatch={hatch} />
          ))}
          {marked ? (
            <rect
              className="clusters-chart-marked"
              x={marked[0] * WIDE}
              width={(marked[1] - marked[0] + 1) * WIDE}
              y="0"
              height={HEIGHT}
            />
          ) : null}
        </svg>
      </div>
      <div className="clusters-chart-times hint numbers" aria-hidden>
        <span>{clock(start)}</span>
        <span>{clock(end)}</span>
      </div>
    </figure>
  );
}

function inWords({ score, answered }: Bar): string {
  if (score === undefined) return "not checked";
  return answered ? `score ${score}` : `no answer, score ${score}`;
}

function Column({ bar, place, hatch }: { bar: Bar; place: number; hatch: string }) {
  const x = place * WIDE;
  const size = { x, width: WIDE - 1.5 };
  if (bar.score === undefined) return <rect {...size} y={HEIGHT - 3} height="3" className="is-unknown" />;
  const high = Math.max(3, bar.score);
  return (
    <>
      {bar.answered ? null : <rect {...size} y="0" height={HEIGHT} fill={`url(#${hatch})`} />}
      <rect
        {...size}
        y={HEIGHT - high}
        height={high}
        className={`is-${bar.answered ? scoreTone(bar.score) : "danger"}`}
      />
    </>
  );
}
