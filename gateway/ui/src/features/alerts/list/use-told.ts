/** What live events say of alerts before a list is read again: changes, and while nobody holds it news. */

import { useEffect, useState } from "react";

import { surelyWanted, type Asked } from "@/features/alerts/filters/asked";
import {
  ALERT_EVENTS,
  alertOf,
  find,
  rowOf,
  standsIn,
  told as toldBy,
  type Items,
  type Told,
} from "@/features/alerts/list/loaded";
import type { AlertView } from "@/generated/api.schemas";
import { useLiveEvents, type LiveEvent } from "@/lib/live";

/** What is over fades for so long in its place. */
const FADE_MS = 6_000;
/** More news than that are not worth their place before the list is read again. */
const MOST = 1_000;

interface Of {
  pages: readonly Items[];
  /** Nothing comes after the last page. */
  whole: boolean;
  asked: Asked;
  /** Another list begins with another key. */
  listKey: string;
  held: boolean;
  enabled: boolean;
}

interface Kept {
  listKey: string;
  held: boolean;
  rows: Told;
  at: ReadonlyMap<string, number>;
}

const NONE = { rows: new Map(), at: new Map() } as const;

export function useTold({ pages, whole, asked, listKey, held, enabled }: Of): Told {
  const [kept, setKept] = useState<Kept>({ listKey, held, ...NONE });
  if (kept.listKey !== listKey || kept.held !== held) {
    // What has faded stays where it is when a list begins to be held, and goes when it is let go.
    const { rows, at } = kept.listKey === listKey && held ? kept : NONE;
    setKept({ listKey, held, rows, at });
  }
  useLiveEvents({ types: ALERT_EVENTS, enabled }, (events) => {
    const now = Date.now();
    setKept((before) => withEvents(before, events, now));
  });
  useEffect(() => {
    if (held || kept.rows.size === 0) return;
    const timer = setTimeout(() => setKept({ listKey, held, ...NONE }), FADE_MS);
    return () => clearTimeout(timer);
  }, [held, kept, listKey]);
  return kept.rows;

  function withEvents(before: Kept, events: readonly LiveEvent[], now: number): Kept {
    const stands = standsIn(pages, whole);
    const rows = new Map<string, AlertView>();
    const at = new Map<string, number>();
    for (const [id, since] of before.at) {
      const row = before.rows.get(id)!;
      // In a storm the list is read anew many times meanwhile, and most of what was news is far below.
      if (!held && (now - since >= FADE_MS || !(find(pages, id) || stands(row)))) continue;
      rows.set(id, row);
      at.set(id, since);
    }
    let changed = at.size !== before.at.size;
    for (const event of events) {
      const row = after(event, rows, stands);
      if (row === undefined) continue;
      rows.set(row.id, row);
      at.set(row.id, now);
      changed = true;
    }
    return changed ? { ...before, rows, at } : before;
  }

  function after(event: LiveEvent, rows: Told, stands: ReturnType<typeof standsIn>): AlertView | undefined {
    const alert = alertOf(event);
    if (alert === undefined) return undefined;
    const row = rows.get(alert.id) ?? find(pages, alert.id);
    if (row !== undefined) return toldBy(row, event);
    const begins = event.event_type === "ALERT_FIRED" || event.event_type === "ALERT_PENDING";
    if (held || !begins || rows.size >= MOST || !surelyWanted(alert, asked)) return undefined;
    return stands(alert) ? rowOf(alert, event) : undefined;
  }
}
