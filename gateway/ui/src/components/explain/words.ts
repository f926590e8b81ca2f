/** What differs in a window, in words. */

import type { Difference, Differences } from "@/components/explain/differences";
import { formatValue, type Unit } from "@/components/chart/units";
import { count, plural } from "@/lib/format";

/** More is no number that tells anybody anything. */
const MOST_TIMES = 100;

/** `rose from 2 to 9.5 (375 % more), 12 times as far as it usually strays`. */
export function differenceInWords(of: Difference, unit: Unit, clock: (at: number) => string): string {
  if (of.kind === "appeared") return `appeared at ${clock(of.at)}, around ${formatValue(of.value, unit)}`;
  if (of.kind === "vanished") return `has no more values since ${clock(of.at)}; it was around ${formatValue(of.value, unit)}`;
  const { before, now, isIncrease } = of;
  const way = now > before ? "rose" : "fell";
  const what = isIncrease ? "its increase from point to point " : "";
  return `${what}${way} from ${formatValue(before, unit)} to ${formatValue(now, unit)}${shareOf(before, now)}, ${timesOf(of.times)}`;
}

function shareOf(before: number, now: number): string {
  if (before <= 0 || now < 0) return "";
  if (now >= 10 * before) return ` (${count(Math.round(now / before))} times as much)`;
  const percent = Math.round((100 * Math.abs(now - before)) / before);
  return percent === 0 ? "" : ` (${count(percent)} % ${now > before ? "more" : "less"})`;
}

function timesOf(times: number): string {
  if (!Number.isFinite(times)) return "and had hardly moved before";
  if (times > MOST_TIMES) return `more than ${MOST_TIMES} times as far as it usually strays`;
  return `${times < 10 ? times.toFixed(1) : Math.round(times)} times as far as it usually strays`;
}

/** What it came to, in one sentence. */
export function headlineOf({ found, left, alike, tooFew }: Differences): string {
  const all = found.length + left + alike + tooFew;
  if (all === 0) return "There is no series in this window, nor before it.";
  if (all === tooFew) return "There are too few values to compare: take a longer window or a smaller step.";
  if (found.length === 0) return `Nothing stands out: ${alike === 1 ? "the series is" : `${plural(alike, "series", "series")} are`} as before.`;
  return `${count(found.length + left)} of ${plural(all, "series", "series")} ${found.length + left === 1 ? "differs" : "differ"} from before.`;
}

/** What else is to be known of the comparison; one sentence each. */
export function caveatsOf({ found, left, alike, tooFew }: Differences): string[] {
  const all = found.length + left + alike + tooFew;
  return [
    left > 0 ? `${plural(left, "other differs", "others differ")} less.` : "",
    found.length > 0 && alike > 0 ? `${plural(alike, "other is", "others are")} as before.` : "",
    tooFew > 0 && tooFew < all ? `${plural(tooFew, "series has", "series have")} too few values to compare.` : "",
  ].filter(Boolean);
}
