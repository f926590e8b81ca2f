/** Cron with five fields, all in UTC, read as the hub reads it: what is wrong with it, what it means, and when it is due. */

import { plural } from "@/lib/format";

export interface Cron {
  minute: number;
  hours: readonly number[];
  days: readonly number[];
  months: readonly number[];
  /** 0 is Sunday. */
  weekdays: readonly number[];
  anyDay: boolean;
  anyWeekday: boolean;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const SHORTEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const PART = /^(?:(\*)|([0-9]{1,2}|[A-Z]{3})(?:-([0-9]{1,2}|[A-Z]{3}))?)(?:\/([0-9]{1,2}))?$/;
const DAY_MS = 86_400_000;
/** A 29th of February comes at least once in so many days. */
const SOUGHT_DAYS = 8 * 366;

interface Field {
  name: string;
  low: number;
  high: number;
  /** To where `*` and an open step reach. */
  last: number;
  names: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: "minute", low: 0, high: 59, last: 59, names: [] },
  { name: "hour", low: 0, high: 23, last: 23, names: [] },
  { name: "day of the month", low: 1, high: 31, last: 31, names: [] },
  { name: "month", low: 1, high: 12, last: 12, names: MONTHS },
  { name: "weekday", low: 0, high: 7, last: 6, names: WEEKDAYS },
];

/** What it means, or in a text what is wrong with it. */
export function readCron(text: string): Cron | string {
  const told = text.trim().toUpperCase().split(/\s+/);
  if (told.length !== FIELDS.length) return "It has five fields: minute, hour, day of the month, month, weekday.";
  const values: number[][] = [];
  for (const [at, field] of FIELDS.entries()) {
    const found = valuesOf(told[at]!, field);
    if (typeof found === "string") return found;
    values.push(found);
  }
  const [minutes, hours, days, months, weekdays] = values as [number[], number[], number[], number[], number[]];
  if (minutes.length !== 1) return "The minute is one number: a report is made once an hour at most.";
  const anyWeekday = told[4] === "*";
  if (anyWeekday && !months.some((month) => days[0]! <= SHORTEST[month - 1]!)) return "None of its months has such a day.";
  const weekdaysOnce = [...new Set(weekdays.map((day) => day % 7))].toSorted((a, b) => a - b);
  return { minute: minutes[0]!, hours, days, months, weekdays: weekdaysOnce, anyDay: told[2] === "*", anyWeekday };
}

function valuesOf(text: string, field: Field): number[] | string {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const match = PART.exec(part);
    if (match === null) return `The ${field.name} “${part}” is not understood.`;
    const [, every, begin = "", end, step] = match;
    const first = every ? field.low : numberOf(begin, field);
    const isOpen = every !== undefined || (step !== undefined && end === undefined);
    const last = isOpen ? field.last : end === undefined ? first : numberOf(end, field);
    if (first === undefined || last === undefined) return `The ${field.name} “${part}” is not from ${field.low} to ${field.high}.`;
    if (last < first) return `The ${field.name} “${part}” ends before it begins.`;
    if (step !== undefined && Number(step) === 0) return `The ${field.name} “${part}” has a step of zero.`;
    for (let value = first; value <= last; value += Number(step ?? 1)) found.add(value);
  }
  return [...found].toSorted((a, b) => a - b);
}

function numberOf(text: string, { low, high, names }: Field): number | undefined {
  const named = names.indexOf(text);
  if (named >= 0) return named + (names === MONTHS ? low : 0);
  return /^\d+$/.test(text) && Number(text) >= low && Number(text) <= high ? Number(text) : undefined;
}

/** The next times at which it is due (milliseconds since 1970), after `now`. */
export function nextTimes({ minute, hours, ...cron }: Cron, now: number, most = 3): number[] {
  const found: number[] = [];
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  for (let day = 0; day < SOUGHT_DAYS && found.length < most; day += 1) {
    const midnight = today + day * DAY_MS;
    if (!isOn(cron, new Date(midnight))) continue;
    for (const hour of hours) {
      const at = midnight + (hour * 60 + minute) * 60_000;
      if (at > now && found.length < most) found.push(at);
    }
  }
  return found;
}

/** Where both the day and the weekday are said, one of them is enough: so cron has it. */
function isOn({ days, months, weekdays, anyDay, anyWeekday }: Omit<Cron, "minute" | "hours">, date: Date): boolean {
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const byDay = days.includes(date.getUTCDate());
  const byWeekday = weekdays.includes(date.getUTCDay());
  return anyDay || anyWeekday ? byDay && byWeekday : byDay || byWeekday;
}

const two = (value: number) => String(value).padStart(2, "0");

/** `Every Monday at 07:00 UTC`; what cannot be said in few words stays as it is written. */
export function cronInWords(text: string): string {
  const cron = readCron(text);
  if (typeof cron === "string") return text;
  const { minute, hours, days, months, weekdays, anyDay, anyWeekday } = cron;
  if (months.length < 12 || (!anyDay && !anyWeekday) || hours.length > 3) {
    return hours.length === 24 && anyDay && anyWeekday && months.length === 12 ? `Every hour at minute ${minute} (UTC)` : `${text} (cron, UTC)`;
  }
  const at = `at ${hours.map((hour) => `${two(hour)}:${two(minute)}`).join(", ")} UTC`;
  if (anyDay && anyWeekday) return `Every day ${at}`;
  if (anyDay && weekdays.join() === "1,2,3,4,5") return `Monday to Friday ${at}`;
  if (anyDay) return `Every ${weekdays.map((day) => DAYS[day]!).join(", ")} ${at}`;
  return days.length <= 3 ? `On day ${days.join(", ")} of the month ${at}` : `On ${plural(days.length, "day")} of the month ${at}`;
}
