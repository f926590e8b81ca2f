import { useEffect, useEffectEvent, useState } from "react";

import { useOverlay, type Overlay } from "@/app/shell/overlay";
import { createMatcher, takesKeys } from "@/app/keyboard/matcher";
import { isOfPage, SHORTCUTS, type ShellAction } from "@/app/keyboard/registry";
import { runPageAction } from "@/lib/page-actions";
import { useGo } from "@/lib/place";
import { useSettings } from "@/lib/settings";

/** False: there was nothing to do it to, the key is free. */
type Run = () => boolean | void;

/**
 * Binds every shortcut of the registry: pages by their path, what a page does by what it offers, the
 * rest by what is given here. A key that does something here does nothing else: no page can do it a second time.
 */
export function useShortcuts(actions: Readonly<Record<ShellAction, Run>>): void {
  const go = useGo();
  const shown = useOverlay((overlay) => overlay.shown);
  const singleKeys = useSettings((settings) => settings.singleKeys);
  const [match] = useState(() => createMatcher(SHORTCUTS));
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.isComposing) return;
    const withMod = event.ctrlKey || event.metaKey;
    if (!withMod && !closesNotifications(shown, event) && (takesKeys(event.target) || isForOverlay(shown, event) || isBeneathModal())) return;
    if (!withMod && !singleKeys) return;
    const found = match(event);
    if (found?.to === undefined && found?.action === undefined) return;
    const { to, action } = found;
    if (to !== undefined) go(to);
    else if (action !== undefined && (isOfPage(action) ? runPageAction(action) : actions[action]()) === false) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  useEffect(() => {
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, []);
}

/** What is typed while something opens is meant for it. */
function isForOverlay(shown: Overlay | undefined, event: KeyboardEvent): boolean {
  if (shown === "palette" && event.key.length === 1) {
    event.preventDefault();
    useOverlay.setState(({ typed }) => ({ typed: typed + event.key }));
  }
  return shown !== undefined;
}

const [NOTIFICATIONS] = SHORTCUTS.find(({ action }) => action === "notifications")!.keys;

/** The key that opens them closes them, from within them too. */
const closesNotifications = (shown: Overlay | undefined, { key, altKey }: KeyboardEvent): boolean =>
  shown === "notifications" && key === NOTIFICATIONS && !altKey;

/** Somebody looks at a question of the page: what is beneath it stays as it is, wherever the focus has gone. */
const isBeneathModal = (): boolean => document.querySelector('[aria-modal="true"]') !== null;
