/** In what steps a query is asked over a time. */

import { formatDuration } from "@/lib/time";

const POINTS = 240;
const FINEST_MS = 15_000;

export interface Steps {
  start: number;
  end: number;
  step: number;
}

/** At whole steps, so that points stay what they are while time goes on. */
export function onSteps(range: { start: number; end: number }): Steps {
  const step = Math.max(FINEST_MS, Math.ceil((range.end - range.start) / POINTS / FINEST_MS) * FINEST_MS);
  const start = Math.floor(range.start / step) * step;
  return { start, end: Math.max(start + step, Math.floor(range.end / step) * step), step };
}

/** As the API asks for it. */
export const timeOf = ({ start, end, step }: Steps) => ({
  start_time: new Date(start).toISOString(),
  end_time: new Date(end).toISOString(),
  step: formatDuration(step),
});
