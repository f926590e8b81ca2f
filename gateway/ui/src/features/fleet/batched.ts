/** Live events, gathered for a while: a storm costs a panel a few renders a second, whatever comes. */

import { useEffect, useEffectEvent, useRef } from "react";

import { useLiveEvents, type LiveEvent, type Wanted } from "@/lib/live";

/** Calls with what has come, at most once each `every` milliseconds; the first is not kept waiting long. */
export function useBatched(wanted: Wanted, every: number, take: (events: readonly LiveEvent[]) => void): void {
  const waiting = useRef<LiveEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);
  const flush = useEffectEvent(() => {
    timer.current = undefined;
    last.current = performance.now();
    const events = waiting.current;
    waiting.current = [];
    take(events);
  });
  useLiveEvents(wanted, (events) => {
    waiting.current.push(...events);
    const pause = Math.max(0, last.current + every - performance.now());
    timer.current ??= setTimeout(flush, pause);
  });
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
}
