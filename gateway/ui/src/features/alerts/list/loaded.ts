/**
 * Alerts that have been loaded, page by page, and what live events have said of them since. Pages are
 * looked up by an index that is made once each, so that a storm costs little however long the list is.
 */

import type {
  Alert,
  AlertFired,
  AlertList,
  AlertResolved,
  AlertSilenced,
  AlertView,
} from "@/generated/api.schemas";
import type { LiveEvent } from "@/lib/live";

export type Items = readonly AlertView[];
/** By id, alerts as events have told them. */
export type Told = ReadonlyMap<string, AlertView>;

export const ALERT_EVENTS = [
  "ALERT_FIRED",
  "ALERT_RESOLVED",
  "ALERT_PENDING",
  "ALERT_PENDING_ENDED",
  "ALERT_SILENCED",
  "ALERT_UNSILENCED",
] as const;

const indexes = new WeakMap<Items, ReadonlyMap<string, AlertView>>();

function indexOf(items: Items): ReadonlyMap<string, AlertView> {
  const known = indexes.get(items) ?? new Map(items.map((row) => [row.id, row]));
  indexes.set(items, known);
  return known;
}

/** The alert, if it is on one of the pages. */
export function find(pages: readonly Items[], id: string): AlertView | undefined {
  for (const items of pages) {
    const row = indexOf(items).get(id);
    if (row !== undefined) return row;
  }
  return undefined;
}

/** Newest first, as the hub lists them. */
export function order(a: Pick<AlertView, "starts_at" | "id">, b: Pick<AlertView, "starts_at" | "id">): number {
  const later = Date.parse(b.starts_at) - Date.parse(a.starts_at);
  if (later !== 0) return later;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

/** It stands among the rows of the pages, or after the last if those are all (`whole`). */
export function standsIn(pages: readonly Items[], whole: boolean): (alert: Pick<AlertView, "starts_at" | "id">) => boolean {
  const last = pages.at(-1)?.at(-1);
  return (alert) => whole || last === undefined || order(alert, last) < 0;
}

/** One row each, newest first: what is told instead of what was read, and what is told only. */
export function merged(pages: readonly Items[], told: Told): AlertView[] {
  const seen = new Set<string>();
  const read: AlertView[] = [];
  for (const row of pages.flat()) {
    // A page that was read later may begin with what another ended with.
    if (seen.has(row.id)) continue;
    seen.add(row.id);
    read.push(told.get(row.id) ?? row);
  }
  const news = [...told.values()].filter(({ id }) => !seen.has(id)).toSorted(order);
  if (news.length === 0) return read;
  const rows: AlertView[] = [];
  let next = 0;
  for (const row of read) {
    while (next < news.length && order(news[next]!, row) < 0) rows.push(news[next++]!);
    rows.push(row);
  }
  return [...rows, ...news.slice(next)];
}

/** How many of the newest page would stand among the rows and do not. */
export function missing(newest: Items, pages: readonly Items[], whole: boolean): number {
  const stands = standsIn(pages, whole);
  return newest.filter((row) => find(pages, row.id) === undefined && stands(row)).length;
}

type Payload = Partial<AlertFired & AlertResolved & AlertSilenced>;

/** The alert of an event. */
export const alertOf = (event: LiveEvent): Alert | undefined => (event.payload as Payload).alert;

/** The row as it is after the event. */
export function told(row: AlertView, event: LiveEvent): AlertView {
  const { alert, ending, silenced_by = [], inhibited_by = [] } = event.payload as Payload;
  switch (event.event_type) {
    case "ALERT_FIRED":
    case "ALERT_PENDING":
      return { ...row, ...alert };
    case "ALERT_RESOLVED": {
      const ends_at = alert?.ends_at ?? event.timestamp;
      return { ...row, ...alert, state: "RESOLVED", ends_at, ending: ending ?? row.ending };
    }
    case "ALERT_PENDING_ENDED":
      return { ...row, ends_at: event.timestamp };
    case "ALERT_SILENCED":
    case "ALERT_UNSILENCED":
      return {
        ...row,
        silenced_by,
        silenced: silenced_by.length > 0,
        inhibited_by,
        inhibited: inhibited_by.length > 0,
      };
    default:
      return row;
  }
}

/** A row for an alert that only an event has told of so far. */
export function rowOf(alert: Alert, event: LiveEvent): AlertView {
  return {
    ...alert,
    cluster_name: event.cluster_name,
    ending: null,
    expires_at: null,
    flapping: false,
    incident_id: null,
    inhibited: false,
    inhibited_by: [],
    last_seen_at: event.timestamp,
    occurrences: 1,
    silenced: false,
    silenced_by: [],
  };
}

export const itemsOf = (pages: readonly AlertList[]): Items[] => pages.map(({ items }) => items);
