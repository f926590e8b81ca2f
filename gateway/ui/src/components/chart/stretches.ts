/** Stretches of time under a chart, laid in lanes so that none lies over another. */

export interface Stretch {
  id: string;
  /** Milliseconds since 1970; without `until` it lasts. */
  from: number;
  until?: number | undefined;
  tone: "danger" | "warning" | "info";
  /** What it is, in a few words: `Spike of node_load1`. */
  title: string;
  /** Of which series, and what is known of it. */
  series?: string | undefined;
  words?: string | undefined;
}

export interface Laid {
  stretch: Stretch;
  lane: number;
  /** Left edge and width, as parts of the axis between 0 and 1. */
  left: number;
  width: number;
}

export const MOST_LANES = 6;
/** Of the axis: what is shorter is still seen, and hit. */
const LEAST_WIDTH = 0.008;

/** Those that are in the range, oldest first; of too many at once the rest shares the last lane. */
export function laid(stretches: readonly Stretch[], { start, end }: { start: number; end: number }): Laid[] {
  const length = Math.max(1, end - start);
  const ends: number[] = [];
  return stretches
    .filter(({ from, until = end }) => from <= end && until >= start)
    .toSorted((a, b) => a.from - b.from || a.id.localeCompare(b.id))
    .map((stretch) => {
      const left = Math.max(0, (stretch.from - start) / length);
      const right = Math.min(1, ((stretch.until ?? end) - start) / length);
      const width = Math.min(1, Math.max(right - left, LEAST_WIDTH));
      const place = Math.min(left, 1 - width);
      const free = ends.findIndex((taken) => taken <= place);
      const lane = free >= 0 ? free : Math.min(ends.length, MOST_LANES - 1);
      ends[lane] = Math.max(ends[lane] ?? 0, place + width);
      return { stretch, lane, left: place, width };
    });
}
