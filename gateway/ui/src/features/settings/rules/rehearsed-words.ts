/** What a rehearsal of a rule has come to, in words. */

import type { Rehearsed, RehearsedIncident } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";

/** How long back one can try, as the hub allows it: a week at most. */
export const HOURS: readonly (readonly [hours: number, words: string])[] = [
  [1, "The last hour"],
  [6, "The last 6 hours"],
  [24, "The last day"],
  [72, "The last 3 days"],
  [168, "The last week"],
];

/** As many as the hub tells of each kind. */
export const MOST_TOLD = 100;

/** Which titles, few by name: `a, b and 3 more`. */
function named(titles: readonly string[], most = 3): string {
  if (titles.length <= most) return titles.join(", ");
  return `${titles.slice(0, most).join(", ")} and ${titles.length - most} more`;
}

/** What would become of an incident that there is. */
export function becomes({ was }: RehearsedIncident): string {
  if (was.length === 0) return "would be none: its signals belong to no incident";
  if (was.length === 1) return `would go into ${named(was)}`;
  return `would be split into ${was.length}: ${named(was)}`;
}

/** Of what an incident that there would be is made. */
export function madeOf({ was }: RehearsedIncident): string {
  if (was.length === 0) return "of signals that belong to no incident now";
  if (was.length === 1) return `of ${named(was)}`;
  return `merges ${was.length}: ${named(was)}`;
}

/** The comparison in one sentence. */
export function verdictOf({ events, before, after, changed, gone }: Rehearsed): string {
  if (events === 0) return "Nothing happened in this time that could belong to an incident. Try a longer one.";
  if (changed.length + gone.length === 0) return `It would have made no difference: the same ${plural(before, "incident")}.`;
  const merged = changed.filter(({ was }) => was.length > 1).length;
  const split = gone.filter(({ was }) => was.length > 1).length;
  const without = gone.filter(({ was }) => was.length === 0).length;
  const parts = [
    merged > 0 ? `${count(merged)} would merge several` : "",
    split > 0 ? `${count(split)} would be split` : "",
    without > 0 ? `${count(without)} would not be` : "",
  ].filter(Boolean);
  const what = parts.length > 0 ? parts.join(", ") : "signals would belong to other incidents";
  const many = changed.length >= MOST_TOLD || gone.length >= MOST_TOLD ? " or more" : "";
  return `There would have been ${plural(after, "incident")} instead of ${before}: ${what}${many}.`;
}
