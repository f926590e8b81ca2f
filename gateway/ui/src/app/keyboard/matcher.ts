/** Finds which shortcut was pressed; keys go by what they write, so that every keyboard layout has them. */

import type { Shortcut } from "@/app/keyboard/registry";

/** So long the second key of a pair is waited for. */
export const PAIR_MS = 1_200;

export type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "timeStamp">;

/** Remembers the first key of a pair; gives the shortcut that is complete. */
export function createMatcher(shortcuts: readonly Shortcut[]): (pressed: Pressed) => Shortcut | undefined {
  let first: { key: string; at: number } | undefined;
  return (pressed) => {
    const key = written(pressed);
    if (key === undefined) return undefined;
    const before = first !== undefined && pressed.timeStamp - first.at < PAIR_MS ? first.key : undefined;
    first = undefined;
    if (before !== undefined) {
      const pair = shortcuts.find(({ keys }) => keys.length === 2 && keys[0] === before && keys[1] === key);
      if (pair !== undefined) return pair;
    }
    if (shortcuts.some(({ keys }) => keys.length === 2 && keys[0] === key)) {
      first = { key, at: pressed.timeStamp };
      return undefined;
    }
    return shortcuts.find(({ keys }) => keys.length === 1 && keys[0] === key);
  };
}

/** `mod+k`, `?`, `g`; nothing for Shift alone, nor where Alt is held. */
function written({ key, ctrlKey, metaKey, altKey }: Pressed): string | undefined {
  if (["Shift", "Control", "Meta", "Alt", "AltGraph"].includes(key)) return undefined;
  if (ctrlKey || metaKey) return altKey ? undefined : `mod+${key.toLowerCase()}`;
  // Where `[` needs AltGr, the browser says Alt: a letter with it is a command of the browser.
  return altKey && /^[a-z]$/i.test(key) ? undefined : key;
}

const TYPED = "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select";

/** Keys go into a text there, or mean something to a menu. */
export function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest(`${TYPED}, [contenteditable=true], .cm-editor`) !== null) return true;
  return target.closest("dialog, [role=menu], [role=listbox], [role=dialog]") !== null;
}
