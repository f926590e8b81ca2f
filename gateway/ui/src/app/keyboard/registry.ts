/** Every key that does something: what binds them and what explains them read this list alone. */

import { PAGES } from "@/lib/pages";
import type { Path } from "@/lib/place";

export type Action =
  | "palette"
  | "help"
  | "navigation"
  | "filter"
  | "next-row"
  | "previous-row"
  | "live-pause"
  | "time-machine"
  | "go-live"
  | "play-pause"
  | "previous-event"
  | "next-event";

export interface Shortcut {
  /** As `event.key` says them, one after the other; `mod` is Ctrl or ⌘. */
  keys: readonly string[];
  does: string;
  group: "Anywhere" | "Go to" | "Lists" | "Time machine";
  /** Without either: it works where the thing itself has the focus. */
  action?: Action;
  to?: Path;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ["mod+k"], does: "Search or go to anything", group: "Anywhere", action: "palette" },
  { keys: ["?"], does: "Show these shortcuts", group: "Anywhere", action: "help" },
  { keys: ["["], does: "Fold or unfold the navigation", group: "Anywhere", action: "navigation" },
  { keys: ["Escape"], does: "Close what is open, or stop an answer", group: "Anywhere" },
  ...PAGES.map(({ to, title, key }): Shortcut => ({ keys: ["g", key], does: title, group: "Go to", to })),
  { keys: ["/"], does: "Filter this page, or write a question", group: "Lists", action: "filter" },
  { keys: ["j"], does: "Next row", group: "Lists", action: "next-row" },
  { keys: ["k"], does: "Previous row", group: "Lists", action: "previous-row" },
  { keys: ["Enter"], does: "Open the row, also o", group: "Lists" },
  { keys: ["."], does: "Pause or go on live", group: "Lists", action: "live-pause" },
  { keys: ["t"], does: "Go to a past instant", group: "Time machine", action: "time-machine" },
  { keys: ["T"], does: "Back to live", group: "Time machine", action: "go-live" },
  { keys: ["p"], does: "Play or pause the past", group: "Time machine", action: "play-pause" },
  { keys: ["<"], does: "To the previous event", group: "Time machine", action: "previous-event" },
  { keys: [">"], does: "To the next event", group: "Time machine", action: "next-event" },
];

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** A key as it is written on the keyboard. */
export function keyName(key: string): string {
  if (key.startsWith("mod+")) return `${MAC ? "⌘" : "Ctrl"} ${key.slice(4).toUpperCase()}`;
  return key === "T" ? "Shift T" : key === "Escape" ? "Esc" : key;
}

/** The keys of an action, for the thing that does it: `Ctrl K`. */
export function keysOf(action: Action): string {
  const found = SHORTCUTS.find((shortcut) => shortcut.action === action);
  return found?.keys.map(keyName).join(" ") ?? "";
}
