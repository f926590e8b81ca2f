/** Times in rows: all rows share one clock, as a list that is scrolled makes and drops thousands of them. */

import { createContext, use, useMemo, type ReactNode } from "react";

import { useClock, useNow } from "@/lib/moment";
import { agoElsewhere } from "@/lib/time";

const EVERY_MS = 10_000;

const RowClock = createContext<{ now: number; clock: (at: string) => string }>({ now: 0, clock: String });

export function RowTimes({ children }: { children: ReactNode }) {
  const now = useNow(EVERY_MS);
  const clock = useClock();
  const value = useMemo(() => ({ now, clock }), [now, clock]);
  return <RowClock value={value}>{children}</RowClock>;
}

/** As `Ago` says it, with the exact time on hover. */
export function AgoInRow({ at }: { at: string }) {
  const { now, clock } = use(RowClock);
  return (
    <time dateTime={at} title={clock(at)} className="numbers">
      {agoElsewhere(Date.parse(at), now)}
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
