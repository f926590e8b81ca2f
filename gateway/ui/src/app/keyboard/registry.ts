/** Every key that does something: what binds them and what explains them read this list alone. */

import type { PageActionName } from "@/lib/page-actions";
import { PAGES } from "@/lib/pages";
import type { Path } from "@/lib/place";

/** What the shell does itself. */
export type ShellAction =
  | "palette"
  | "jump"
  | "help"
  | "navigation"
  | "filter"
  | "near"
  | "next-row"
  | "previous-row"
  | "live-pause"
  | "time-machine"
  | "go-live"
  | "play-pause"
  | "previous-event"
  | "next-event"
  | "copy-link"
  | "zoom-out"
  | "notifications";

/** The others are the page's: it says whether it has them now. */
export type Action = ShellAction | PageActionName;

export interface Shortcut {
  /** As `event.key` says them, one after the other; `mod` is Ctrl or ⌘. */
  keys: readonly string[];
  does: string;
  group: "Anywhere" | "This page" | "Go to" | "Lists" | "Time";
  /** Without either: it works where the thing itself has the focus. */
  action?: Action;
  to?: Path;
}

const onPage = (key: string, action: PageActionName, does: string): Shortcut => ({ keys: [key], does, group: "This page", action });

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ["mod+k"], does: "Search or go to anything", group: "Anywhere", action: "palette" },
  { keys: [":"], does: "Jump to a kind of thing, as :pod", group: "Anywhere", action: "jump" },
  { keys: ["?"], does: "Show these shortcuts", group: "Anywhere", action: "help" },
  { keys: ["["], does: "Fold or unfold the navigation", group: "Anywhere", action: "navigation" },
  { keys: ["b"], does: "What has happened: notifications", group: "Anywhere", action: "notifications" },
  { keys: ["c"], does: "Copy a link to this page", group: "Anywhere", action: "copy-link" },
  { keys: ["Escape"], does: "Close what is open, or stop an answer", group: "Anywhere" },
  onPage("e", "acknowledge", "Acknowledge the incident"),
  onPage("r", "resolve", "Resolve the incident, or reopen it"),
  onPage("s", "silence", "Silence the alert"),
  onPage("a", "ask", "Ask the assistant about it"),
  onPage("R", "report", "Report on it"),
  onPage("P", "replay", "Replay it, or stop"),
  onPage("w", "explain", "Explain the window of the chart"),
  onPage("+", "new", "Make a new one of what is listed"),
  onPage("v", "save-view", "Save this view"),
  onPage("V", "views", "Manage views"),
  ...PAGES.map(({ to, title, key }): Shortcut => ({ keys: ["g", key], does: title, group: "Go to", to })),
  { keys: ["/"], does: "Filter this page, or write a question", group: "Lists", action: "filter" },
  { keys: ["j"], does: "Next row", group: "Lists", action: "next-row" },
  { keys: ["k"], does: "Previous row", group: "Lists", action: "previous-row" },
  { keys: ["Enter"], does: "Open the row, also o", group: "Lists" },
  { keys: ["n"], does: "What is around what is open", group: "Anywhere", action: "near" },
  { keys: ["."], does: "Pause or go on live", group: "Lists", action: "live-pause" },
  { keys: ["z"], does: "Zoom out: twice the time range", group: "Time", action: "zoom-out" },
  { keys: ["t"], does: "Go to a past instant", group: "Time", action: "time-machine" },
  { keys: ["T"], does: "Back to live", group: "Time", action: "go-live" },
  { keys: ["p"], does: "Play or pause the past", group: "Time", action: "play-pause" },
  { keys: ["<"], does: "To the previous event", group: "Time", action: "previous-event" },
  { keys: [">"], does: "To the next event", group: "Time", action: "next-event" },
];

/** Those that a page has or has not, by what it offers. */
export const isOfPage = (action: Action): action is PageActionName =>
  SHORTCUTS.some((shortcut) => shortcut.group === "This page" && shortcut.action === action);

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** A key as it is written on the keyboard. */
export function keyName(key: string): string {
  if (key.startsWith("mod+")) return `${MAC ? "⌘" : "Ctrl"} ${key.slice(4).toUpperCase()}`;
  return /^[A-Z]$/.test(key) ? `Shift ${key}` : key === "Escape" ? "Esc" : key;
}

/** The keys of an action, for the thing that does it: `Ctrl K`. */
export function keysOf(action: Action): string {
  const found = SHORTCUTS.find((shortcut) => shortcut.action === action);
  return found?.keys.map(keyName).join(" ") ?? "";
}
