/** Lines over time as bars; dragging over them, or arrow keys and Enter, zooms in. */

import { useBrush, useKeyBrush } from "@/features/observability/brush";
import { LEVEL_WORDS, type Level } from "@/features/observability/logs/line";
import { levelsIn, type Bucket } from "@/features/observability/logs/volume";
import { count, plural } from "@/lib/format";
import { useClock } from "@/lib/moment";

interface HistogramProps {
  buckets: readonly Bucket[];
  /** Who has counted: `Counted by 9 clusters`. */
  source: string;
  onZoom: (from: number, to: number) => void;
}

const HEIGHT = 56;

export function Histogram({ buckets, source, onZoom }: HistogramProps) {
  const clock = useClock();
  const levels = levelsIn(buckets);
  const most = Math.max(1, ...buckets.map(({ total }) => total));
  const total = buckets.reduce((sum, bucket) => sum + bucket.total, 0);
  const first = buckets[0]!;
  const last = buckets.at(-1)!;
  const zoom = (from: number, to: number) => onZoom(buckets[from]!.from, buckets[to]!.to);
  const indexAt = (part: number) => Math.min(buckets.length - 1, Math.floor(part * buckets.length));
  const brush = useBrush(([from, to]) => zoom(indexAt(from), indexAt(to)));
  const keys = useKeyBrush(buckets.length, zoom);
  const chosen = keys.chosen ?? (brush.stretch ? ([indexAt(brush.stretch[0]), indexAt(brush.stretch[1])] as const) : undefined);
  const told = chosen ? describe(buckets.slice(chosen[0], chosen[1] + 1), clock) : "";
  return (
    <figure className="logs-volume">
      <div
        className={levels.some((level) => level !== undefined) ? "logs-volume-bars" : "logs-volume-bars is-plain"}
        role="slider"
        tabIndex={0}
        aria-label="Lines over time: arrow keys choose a time, Shift more of it, Enter zooms in"
        aria-valuemin={0}
        aria-valuemax={buckets.length - 1}
        aria-valuenow={chosen?.[1] ?? 0}
        aria-valuetext={told || `${plural(total, "line")}; the most at once ${count(most)}`}
        onKeyDown={keys.onKeyDown}
        onBlur={keys.onBlur}
        {...brush.handlers}
      >
        <svg viewBox={`0 0 ${buckets.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {chosen ? (
            <rect className="logs-volume-chosen" x={chosen[0]} y={0} width={chosen[1] - chosen[0] + 1} height={HEIGHT} />
          ) : null}
          {buckets.map((bucket, at) => (
            <Bar key={bucket.from} bucket={bucket} at={at} most={most} levels={levels} title={describe([bucket], clock)} />
          ))}
        </svg>
      </div>
      <figcaption className="logs-volume-words numbers">
        <span>{clock(first.from).slice(5, 19)}</span>
        <span className="logs-volume-source" aria-live="polite">
          {told || (
            <>
              {plural(total, "line")} · {source}
            </>
          )}
        </span>
        <span className="logs-volume-legend">
          {levels.some((level) => level !== undefined)
            ? levels.map((level) => (
                <span key={level ?? "none"} className={`logs-level-${level ?? "none"}`}>
                  {level ? LEVEL_WORDS[level] : "no level"}
                </span>
              ))
            : null}
        </span>
        <span>{clock(last.to).slice(5, 19)}</span>
      </figcaption>
    </figure>
  );
}

interface BarProps {
  bucket: Bucket;
  at: number;
  most: number;
  levels: readonly (Level | undefined)[];
  title: string;
}

/** The worst level stands at the bottom, where it is compared best. */
function Bar({ bucket, at, most, levels, title }: BarProps) {
  return (
    <g>
      <title>{title}</title>
      <rect className="logs-volume-space" x={at} y={0} width={1} height={HEIGHT} />
      {stacked(bucket, most, levels).map(({ level, top, height }) => (
        <rect
          key={level ?? "none"}
          className={`logs-level-${level ?? "none"}`}
          x={at + 0.1}
          y={top}
          width={0.8}
          height={height}
        />
      ))}
    </g>
  );
}

function stacked(bucket: Bucket, most: number, levels: readonly (Level | undefined)[]) {
  let top = HEIGHT;
  return levels
    .map((level) => ({ level, value: bucket.levels.get(level) ?? 0 }))
    .filter(({ value }) => value > 0)
    .map(({ level, value }) => {
      // A single error must be seen beside ten thousand other lines.
      const height = Math.max(1.5, (value / most) * (HEIGHT - 8));
      top -= height;
      return { level, top, height };
    });
}

function describe(buckets: readonly Bucket[], clock: (at: number) => string): string {
  const total = buckets.reduce((sum, bucket) => sum + bucket.total, 0);
  const first = buckets[0];
  const last = buckets.at(-1);
  if (!first || !last) return "";
  return `${clock(first.from).slice(5, 19)} – ${clock(last.to).slice(11, 19)}: ${plural(total, "line")}`;
}
