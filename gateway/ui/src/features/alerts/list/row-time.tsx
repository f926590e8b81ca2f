/** Times in rows: all rows share one clock, as a list that is scrolled makes and drops thousands of them. */

import { createContext, use, useMemo, type ReactNode } from "react";

import { useClock, useNow } from "@/lib/moment";
import { ago } from "@/lib/time";

const EVERY_MS = 10_000;

const RowClock = createContext<{ now: number; clock: (at: string) => string }>({ now: 0, clock: String });

export function RowTimes({ children }: { children: ReactNode }) {
  const now = useNow(EVERY_MS);
  const clock = useClock();
  const value = useMemo(() => ({ now, clock }), [now, clock]);
  return <RowClock value={value}>{children}</RowClock>;
}

/** `5 min. ago`, with the exact time on hover. */
export function AgoInRow({ at }: { at: string }) {
  const { now, clock } = use(RowClock);
  const then = Date.parse(at);
  return (
    <time dateTime={at} title={clock(at)} className="numbers">
      {ago(then, Math.max(now, then))}
    </time>
  );
}

/** The exact time. */
export function AtInRow({ at }: { at: string }) {
  const { clock } = use(RowClock);
  return (
    <time dateTime={at} className="numbers">
      {clock(at)}
    </time>
  );
}
