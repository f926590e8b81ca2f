/** The time that a page shows: its range, and the instant of the time machine. */

import { useEffect, useMemo, useRef, useState } from "react";

import { useSearch } from "@/lib/place";
import { useSettings } from "@/lib/settings";
import { clockTime, parseInstant, type Range } from "@/lib/time";

export const DEFAULT_RANGE: Range = { from: "now-1h", to: "now" };

/** The range in the URL, as it is written there. */
export function useRange(): Range {
  const { from, to } = useSearch();
  return useMemo(
    () => ({ from: from ?? DEFAULT_RANGE.from, to: to ?? DEFAULT_RANGE.to }),
    [from, to],
  );
}

/** What reads of folded state are given: `as_of` while the time machine is in the past. */
export function useAsOf(): { as_of?: string } {
  const { as_of } = useSearch();
  return useMemo(() => (as_of === undefined ? {} : { as_of }), [as_of]);
}

/** What `now` means here, in milliseconds since 1970: the instant that is shown, or the clock's. */
export function useNow(every = 1_000): number {
  const { as_of } = useAsOf();
  const now = useWallClock(every, as_of === undefined);
  return as_of === undefined ? now : Date.parse(as_of);
}

/** The clock on the wall, in milliseconds since 1970, whatever instant is shown; it ticks if `ticking`. */
export function useWallClock(every = 1_000, ticking = true): number {
  const [now, setNow] = useState(() => Date.now());
  const stood = useRef(false);
  useEffect(() => {
    if (!ticking) {
      stood.current = true;
      return;
    }
    const tick = () => setNow(Date.now());
    // It has stood still while the past was shown.
    const first = stood.current ? setTimeout(tick) : undefined;
    stood.current = false;
    const timer = setInterval(tick, every);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [ticking, every]);
  return now;
}

/** Both ends of the range in milliseconds since 1970, where `now` is what `useNow` says at that time. */
export function resolveRange(range: Range, now: number): { start: number; end: number } {
  const end = parseInstant(range.to, now) ?? now;
  const start = parseInstant(range.from, now) ?? end - 3_600_000;
  return { start: Math.min(start, end - 1_000), end };
}

/** Writes points in time in the zone of the settings. */
export function useClock(): (at: number | string, precision?: "s" | "ms") => string {
  const zone = useSettings((settings) => settings.zone);
  return useMemo(
    () => (at, precision) => clockTime(typeof at === "string" ? Date.parse(at) : at, zone, precision),
    [zone],
  );
}
