/** From event to event, by the time at which the log took each: what was known when goes by it. */

import { CHANGES } from "@/app/time-machine/changes";
import { justAfter, justBefore, loggedAt } from "@/app/time-machine/instants";
import { listEvents } from "@/generated/api";
import type { EventRecord, ListEventsParams } from "@/generated/api.schemas";

async function first(asked: ListEventsParams): Promise<EventRecord | undefined> {
  const { items } = await listEvents({ event_type: CHANGES, limit: 1, ...asked });
  return items[0];
}

/** The newest change: what it was, and the instant when it had not happened yet. */
export async function latestChange(): Promise<{ event: EventRecord; at: number } | undefined> {
  const event = await first({ order: "desc" });
  return event && { event, at: justBefore(loggedAt(event)) };
}

/** The instant that shows the change after the one that is shown last at an instant. */
export async function stepForth(as_of: string): Promise<number | undefined> {
  const shown = await first({ as_of, order: "desc" });
  const next = await first({ since_sequence: shown?.sequence ?? 0, order: "asc" });
  return next && justAfter(loggedAt(next));
}

/** The instant that shows the change before that one, and it no more. */
export async function stepBack(as_of: string): Promise<number | undefined> {
  const shown = await first({ as_of, order: "desc" });
  if (shown === undefined) return undefined;
  const before = await first({ cursor: String(shown.sequence), order: "desc" });
  if (before === undefined) return undefined;
  const at = justAfter(loggedAt(before));
  // Both in one moment: the last that there was before.
  return at < justAfter(loggedAt(shown)) ? at : justBefore(loggedAt(shown));
}
