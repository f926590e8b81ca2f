import { useEffect, useRef, useState } from "react";

import type { Density } from "@/app/time-machine/density";
import { stepOf, type Span } from "@/app/time-machine/instants";
import type { Around } from "@/app/time-machine/use-events-around";
import { useTravel } from "@/app/time-machine/use-travel";
import { plural } from "@/lib/format";
import { useClock } from "@/lib/moment";

/** Pages follow the hand when it rests this long. */
const RESTS_MS = 150;
const HIGH = 24;

/** The stretch of time as a slider; behind it how much happened when. */
export function Scrubber({ around: { span, density } }: { around: Around }) {
  const { as_of, go } = useTravel();
  const clock = useClock();
  const [hand, setHand] = useState<{ at: number; since: string | undefined }>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  // What the hand says counts until the page has followed.
  const at = hand !== undefined && hand.since === as_of ? hand.at : Date.parse(as_of ?? "");
  const move = (to: number) => {
    setHand({ at: to, since: as_of });
    clearTimeout(timer.current);
    timer.current = setTimeout(() => go(to, { replace: true }), RESTS_MS);
  };
  const count = density.bars.reduce((sum, bar) => sum + bar.count, 0);
  const partly = density.from > span.start;
  return (
    <div className="scrubber">
      <div className="scrubber-track">
        <Bars density={density} span={span} />
        <input
          type="range"
          aria-label="Instant"
          aria-valuetext={clock(at)}
          min={span.start}
          max={span.end}
          step={stepOf(span)}
          value={at}
          onChange={(event) => move(Number(event.target.value))}
        />
      </div>
      <div className="scrubber-ends numbers">
        <span>{clock(span.start).slice(5, 16)}</span>
        <span className="scrubber-count">
          {plural(count, "event")}
          {partly ? ` since ${clock(density.from).slice(5, 16)}; earlier ones are not drawn` : ""}
        </span>
        <span>{clock(span.end).slice(5, 16)}</span>
      </div>
    </div>
  );
}

function Bars({ density: { bars, most, from }, span }: { density: Density; span: Span }) {
  const unknown = ((from - span.start) / (span.end - span.start)) * bars.length;
  // One event must be seen beside hundreds.
  const high = (count: number) => (count === 0 ? 0 : 3 + (HIGH - 3) * (Math.log1p(count) / Math.log1p(most)));
  return (
    <svg className="scrubber-bars" viewBox={`0 0 ${bars.length} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true">
      {unknown > 0 ? <rect className="scrubber-unknown" width={unknown} height={HIGH} /> : null}
      {bars.map(({ count, critical }, place) =>
        count === 0 ? null : (
          <rect
            key={place}
            className={critical > 0 ? "is-critical" : ""}
            x={place + 0.1}
            width={0.8}
            y={HIGH - high(count)}
            height={high(count)}
          />
        ),
      )}
    </svg>
  );
}
