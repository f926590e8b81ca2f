/** Alerts that began and ended, counted in steps of time. */

import type { Happening } from "@/features/fleet/happening";
import { Severity } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((each) => each * MINUTE),
  ...[1, 2, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 7, 30].map((each) => each * DAY),
];
const MOST = 72;

export interface Bucket {
  start: number;
  end: number;
  fired: Record<Severity, number>;
  resolved: number;
}

/** The shortest step that covers the span in few enough buckets. */
export const stepOf = (span: number): number => STEPS.find((step) => span / step <= MOST) ?? STEPS.at(-1)!;

export const firedIn = ({ fired }: Bucket): number => fired.CRITICAL + fired.WARNING + fired.INFO;

/** At whole steps, so that bars stay what they are while time goes on. */
export function fill(events: readonly Happening[], start: number, end: number): Bucket[] {
  const step = stepOf(end - start);
  const first = Math.floor(start / step) * step;
  const length = Math.max(1, Math.ceil((end - first) / step));
  const buckets = Array.from({ length }, (_, at) => ({
    start: first + at * step,
    end: first + (at + 1) * step,
    fired: { CRITICAL: 0, WARNING: 0, INFO: 0 },
    resolved: 0,
  }));
  for (const { type, at, severity = "INFO", renewed } of events) {
    const bucket = buckets[Math.floor((at - first) / step)];
    if (bucket === undefined || at < start || at >= end) continue;
    if (type === "ALERT_RESOLVED") bucket.resolved += 1;
    else if (type === "ALERT_FIRED" && !renewed) bucket.fired[severity] += 1;
  }
  return buckets;
}

/** All of them as one. */
export function total(buckets: readonly Bucket[]): Bucket {
  const sum = (of: (bucket: Bucket) => number) => buckets.reduce((all, bucket) => all + of(bucket), 0);
  return {
    start: buckets[0]?.start ?? 0,
    end: buckets.at(-1)?.end ?? 0,
    fired: {
      CRITICAL: sum(({ fired }) => fired.CRITICAL),
      WARNING: sum(({ fired }) => fired.WARNING),
      INFO: sum(({ fired }) => fired.INFO),
    },
    resolved: sum(({ resolved }) => resolved),
  };
}

/** `3 fired (1 critical, 2 warning), 1 resolved`. */
export function told(bucket: Bucket): string {
  const fired = firedIn(bucket);
  const parts = Object.values(Severity)
    .filter((severity) => bucket.fired[severity] > 0)
    .map((severity) => `${bucket.fired[severity]} ${severity.toLowerCase()}`);
  const began = fired === 0 ? "none fired" : `${plural(fired, "alert")} fired (${parts.join(", ")})`;
  return `${began}, ${bucket.resolved === 0 ? "none" : bucket.resolved} resolved`;
}
