/** How much happened when: events counted into equal stretches of time. */

import { loggedAt, type Span } from "@/app/time-machine/instants";

export interface Happened {
  event_type: string;
  timestamp: string;
  logged_at: string | null;
  payload: unknown;
}

export interface Bar {
  count: number;
  /** Critical alerts that began then. */
  critical: number;
}

export interface Density {
  bars: Bar[];
  /** The most that one bar has. */
  most: number;
  /** Before this time nothing was counted. */
  from: number;
}

/**
 * Newest first, as they were read. `more`: there are older ones that were not read, so that nothing
 * is known of the time before the last one.
 */
export function densityOf(events: readonly Happened[], more: boolean, { start, end }: Span, bars = 120): Density {
  const counted: Bar[] = Array.from({ length: bars }, () => ({ count: 0, critical: 0 }));
  for (const event of events) {
    const place = Math.floor(((Date.parse(loggedAt(event)) - start) / (end - start)) * bars);
    const bar = counted[place];
    if (bar === undefined) continue;
    bar.count += 1;
    if (isCritical(event)) bar.critical += 1;
  }
  const oldest = events.at(-1);
  const from = more && oldest !== undefined ? Math.max(start, Date.parse(loggedAt(oldest))) : start;
  return { bars: counted, most: Math.max(1, ...counted.map(({ count }) => count)), from };
}

function isCritical({ event_type, payload }: Happened): boolean {
  const severity = (payload as { alert?: { severity?: string } } | null)?.alert?.severity;
  return event_type === "ALERT_FIRED" && severity === "CRITICAL";
}
