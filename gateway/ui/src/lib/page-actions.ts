/**
 * What can be done on the page that is shown. Pages say it here; the keyboard binds it, the palette and
 * the help list it, and none of them knows of the others.
 */

import { useEffect, useRef } from "react";

/** What it is, whichever page does it: each has a key in the registry of the keyboard. */
export type PageActionName =
  | "acknowledge"
  | "resolve"
  | "silence"
  | "ask"
  | "report"
  | "replay"
  | "explain"
  | "new"
  | "save-view"
  | "views";

export interface PageAction {
  name: PageActionName;
  /** What it does here: `Acknowledge this incident`. */
  title: string;
  /** Other words that find it. */
  words?: readonly string[];
  run: () => void;
}

type Registered = () => readonly PageAction[];

const registered = new Set<Registered>();

/** Offers these while the component is shown. */
export function usePageActions(actions: readonly PageAction[]): void {
  const now = useRef(actions);
  useEffect(() => {
    now.current = actions;
  });
  useEffect(() => {
    const read: Registered = () => now.current;
    registered.add(read);
    return () => void registered.delete(read);
  }, []);
}

/** What can be done now; of two that are called alike the first. */
export function pageActions(): readonly PageAction[] {
  const all = [...registered].flatMap((read) => read());
  return all.filter(({ title }, at) => all.findIndex((each) => each.title === title) === at);
}

/** False: the page offers nothing of that name. */
export function runPageAction(name: PageActionName): boolean {
  const found = pageActions().find((action) => action.name === name);
  found?.run();
  return found !== undefined;
}
