/** Lists that stand still while somebody reads them. */

import { useState } from "react";

export interface Held<Row> {
  /** What to show. */
  rows: readonly Row[];
  /** How many have come and are not shown. */
  waiting: number;
}

/**
 * What a list shows while it is held: the same rows in the same places, each as it is now; one that
 * is gone stays as it was last. `before`: the rows when it began to be held.
 */
export function hold<Row>(before: readonly Row[], now: readonly Row[], idOf: (row: Row) => string): Held<Row> {
  const current = new Map(now.map((row) => [idOf(row), row]));
  const rows = before.map((row) => {
    const id = idOf(row);
    const found = current.get(id) ?? row;
    current.delete(id);
    return found;
  });
  // What comes after the last one that was shown is the rest of the list, not news. Where none that was
  // shown is left, all are news.
  const known = new Set(before.map(idOf));
  const end = now.findLastIndex((row) => known.has(idOf(row)));
  const rest = end < 0 ? [] : now.slice(end + 1).filter((row) => current.has(idOf(row)));
  return { rows: [...rows, ...rest], waiting: current.size - rest.length };
}

/**
 * The rows, or while `held` those that there were when that began. `list`: what is asked for; another
 * question is another list, which is held at rows of its own once it is `answered`: `now` is that answer.
 */
export function useHeld<Row>(
  now: readonly Row[],
  held: boolean,
  idOf: (row: Row) => string,
  list = "",
  answered = true,
): Held<Row> {
  const [kept, setKept] = useState<{ list: string; rows: readonly Row[] }>();
  const before = held && kept?.list === list ? kept.rows : undefined;
  if (before === undefined) {
    if (held && answered && now.length > 0) setKept({ list, rows: now });
    else if (kept !== undefined) setKept(undefined);
  }
  return before === undefined ? { rows: now, waiting: 0 } : hold(before, now, idOf);
}
