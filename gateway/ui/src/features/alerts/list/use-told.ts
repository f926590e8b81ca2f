/** What live events say of alerts before a list is read again: changes, and while nobody holds it news. */

import { useEffect, useState } from "react";

import { surelyWanted, type Asked } from "@/features/alerts/filters/asked";
import {
  ALERT_EVENTS,
  alertOf,
  find,
  order,
  rowOf,
  told as toldBy,
  type Items,
  type Told,
} from "@/features/alerts/list/loaded";
import type { AlertView } from "@/generated/api.schemas";
import { useLiveEvents, type LiveEvent } from "@/lib/live";

/** What is over fades for so long in its place. */
const FADE_MS = 6_000;

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
    const young = [...kept.at].filter(([, at]) => held || now - at < FADE_MS);
    const at = new Map(young);
    const rows = new Map(young.map(([id]) => [id, kept.rows.get(id)!]));
    let changed = at.size !== kept.at.size;
    for (const event of events) {
      const row = after(event, rows);
      if (row === undefined) continue;
      rows.set(row.id, row);
      at.set(row.id, now);
      changed = true;
    }
    if (changed) setKept({ listKey, held, rows, at });
  });
  useEffect(() => {
    if (held || kept.rows.size === 0) return;
    const timer = setTimeout(() => setKept({ listKey, held, ...NONE }), FADE_MS);
    return () => clearTimeout(timer);
  }, [held, kept, listKey]);
  return kept.rows;

  function after(event: LiveEvent, rows: Told): AlertView | undefined {
    const alert = alertOf(event);
    if (alert === undefined) return undefined;
    const row = rows.get(alert.id) ?? find(pages, alert.id);
    if (row !== undefined) return toldBy(row, event);
    const begins = event.event_type === "ALERT_FIRED" || event.event_type === "ALERT_PENDING";
    if (held || !begins || !surelyWanted(alert, asked)) return undefined;
    const last = pages.at(-1)?.at(-1);
    const within = whole || last === undefined || order(alert, last) < 0;
    return within ? rowOf(alert, event) : undefined;
  }
}
