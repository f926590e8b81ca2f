/** Zooming changes the range in the URL, so that Back and a copied link do what one expects. */

import { useRef } from "react";

import { resolveRange, useAsOf, useRange } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";
import type { Range } from "@/lib/time";

export interface Zoom {
  zoomTo: (from: number, to: number) => void;
  /** To where the last zoom began, or without one to a range twice as long. */
  zoomBack: () => void;
}

const MOST = 50;

export function useZoom(): Zoom {
  const range = useRange();
  const { as_of } = useAsOf();
  const setSearch = useSetSearch();
  const before = useRef<Range[]>([]);
  return {
    zoomTo: (from, to) => {
      before.current = [...before.current, range].slice(-MOST);
      setSearch(written(from, to));
    },
    zoomBack: () => {
      const stack = before.current;
      const at = stack.findLastIndex(({ from, to }) => from !== range.from || to !== range.to);
      before.current = stack.slice(0, Math.max(0, at));
      const now = as_of === undefined ? Date.now() : Date.parse(as_of);
      setSearch(stack[at] ?? wider(range, now));
    },
  };
}

const written = (from: number, to: number): Range => ({
  from: new Date(Math.floor(from)).toISOString(),
  to: new Date(Math.ceil(to)).toISOString(),
});

/** Twice as long with the same middle, but never into the future. */
export function wider(range: Range, now: number): Range {
  const { start, end } = resolveRange(range, now);
  const length = end - start;
  const to = Math.min(end + length / 2, Math.max(now, end));
  return written(to - length * 2, to);
}
