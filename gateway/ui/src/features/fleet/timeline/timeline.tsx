import { memo, type CSSProperties } from "react";

import { useBrush } from "@/features/fleet/timeline/brush";
import { firedIn, told, total, type Bucket } from "@/features/fleet/timeline/buckets";
import { Severity } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useClock } from "@/lib/moment";

interface TimelineProps {
  buckets: readonly Bucket[];
  /** Before this nothing was read. */
  readFrom: number | undefined;
  onChoose: (from: number, to: number) => void;
  onZoomOut: () => void;
}

/** Bars of what fired, upwards, and of what was resolved, downwards. */
export function Timeline({ buckets, readFrom, onChoose, onZoomOut }: TimelineProps) {
  const clock = useClock();
  const brush = useBrush(buckets.length, (first, last) => onChoose(buckets[first]!.start, buckets[last]!.end));
  // One scale for both directions: a bar that is twice as long is twice as many.
  const up = Math.max(1, ...buckets.map(firedIn));
  const down = Math.max(1, ...buckets.map(({ resolved }) => resolved));
  const start = buckets[0]!.start;
  const end = buckets.at(-1)!.end;
  const share = (at: number) => `${Math.max(0, Math.min(1, (at - start) / (end - start))) * 100}%`;
  const long = end - start > 86_400_000;
  const label = (at: number) => (long ? clock(at).slice(5, 16) : clock(at).slice(11, end - start < 600_000 ? 19 : 16));
  const looked = brush.at === undefined ? undefined : buckets[brush.at];
  const [from, to] = brush.chosen ? [buckets[brush.chosen[0]]!, buckets[brush.chosen[1]]!] : [looked, looked];
  const said =
    from && to
      ? `${label(from.start)} – ${label(to.end)}: ${told(from === to ? from : sumOf(buckets, brush.chosen!))}`
      : "Draw over the bars to look closer";
  return (
    <>
      <p className="fleet-timeline-said numbers quiet">
        {said}
        {brush.chosen ? " · release, or press Enter, to zoom in" : ""}
      </p>
      <div className="fleet-timeline" style={{ "--halves": `${up}fr ${down}fr` } as CSSProperties}>
        <div className="fleet-scale quiet numbers" aria-hidden="true">
          <span>{count(up)}</span>
          <span>0</span>
        </div>
        <div
          className="fleet-bars"
          role="slider"
          tabIndex={0}
          aria-label="Alerts over time. Arrow keys move, with Shift they choose, Enter zooms in."
          aria-valuemin={0}
          aria-valuemax={buckets.length - 1}
          aria-valuenow={brush.at ?? buckets.length - 1}
          aria-valuetext={said}
          onDoubleClick={onZoomOut}
          {...brush.props}
        >
          <Bars buckets={buckets} up={up} down={down} />
          {readFrom === undefined ? null : <div className="fleet-unread" style={{ width: share(readFrom) }} />}
          {from && to ? (
            <div
              className={brush.chosen ? "fleet-brush is-wide" : "fleet-brush"}
              style={{ left: share(from.start), right: `calc(100% - ${share(to.end)})` }}
            />
          ) : null}
        </div>
        <div className="fleet-times quiet numbers" aria-hidden="true">
          {[0, 0.25, 0.5, 0.75, 1].map((part) => (
            <span key={part}>{label(start + (end - start) * part)}</span>
          ))}
        </div>
      </div>
    </>
  );
}

function sumOf(buckets: readonly Bucket[], [first, last]: readonly [number, number]): Bucket {
  return total(buckets.slice(first, last + 1));
}

const Bars = memo(function Bars({ buckets, up, down }: { buckets: readonly Bucket[]; up: number; down: number }) {
  return buckets.map((bucket) => (
    <div key={bucket.start} className="fleet-bar">
      <div className="fleet-bar-up">
        {Object.values(Severity).map((severity) =>
          bucket.fired[severity] === 0 ? null : (
            <span
              key={severity}
              className={`is-${severity.toLowerCase()}`}
              style={{ height: `${(bucket.fired[severity] / up) * 100}%` }}
            />
          ),
        )}
      </div>
      <div className="fleet-bar-down">
        {bucket.resolved === 0 ? null : (
          <span className="is-resolved" style={{ height: `${(bucket.resolved / down) * 100}%` }} />
        )}
      </div>
    </div>
  ));
});
