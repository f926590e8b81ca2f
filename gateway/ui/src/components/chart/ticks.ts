/** The time axis: 24 hours, in the zone of the settings, the day where it changes. */

import type { Zone } from "@/lib/settings";

const MINUTE = 60_000;
const DAY = 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The same moment as a date whose local parts are those of the zone. */
export function inZone(at: number, zone: Zone): Date {
  const date = new Date(at);
  return zone === "utc" ? new Date(at + date.getTimezoneOffset() * MINUTE) : date;
}

const two = (part: number) => String(part).padStart(2, "0");

/** `12:00`, `12:00:30`, and below the first of each day `26 Nov`. */
export function timeLabels(splits: readonly number[], between: number, zone: Zone): string[] {
  let day = "";
  return splits.map((at) => {
    const date = inZone(at, zone);
    const today = `${date.getDate()} ${MONTHS[date.getMonth()]!}`;
    const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
    const time = between < MINUTE ? `${clock}:${two(date.getSeconds())}` : clock;
    const changed = today !== day;
    day = today;
    if (between >= DAY) return today;
    return changed ? `${time}\n${today}` : time;
  });
}
