import { useEffect, useEffectEvent, useState } from "react";

import { useOverlay, type Overlay } from "@/app/shell/overlay";
import { createMatcher, takesKeys } from "@/app/keyboard/matcher";
import { SHORTCUTS, type Action } from "@/app/keyboard/registry";
import { useGo } from "@/lib/place";
import { useSettings } from "@/lib/settings";

/** False: there was nothing to do it to, the key is free. */
type Run = () => boolean | void;

/**
 * Binds every shortcut of the registry: pages by their path, the rest by what is given here. A key
 * that does something here does nothing else: no page can do it a second time.
 */
export function useShortcuts(actions: Readonly<Record<Action, Run>>): void {
  const go = useGo();
  const shown = useOverlay((overlay) => overlay.shown);
  const singleKeys = useSettings((settings) => settings.singleKeys);
  const [match] = useState(() => createMatcher(SHORTCUTS));
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.isComposing) return;
    const withMod = event.ctrlKey || event.metaKey;
    if (!withMod && (takesKeys(event.target) || isForOverlay(shown, event) || !singleKeys)) return;
    const found = match(event);
    if (found?.to === undefined && found?.action === undefined) return;
    if (found.to !== undefined) go(found.to);
    else if (found.action !== undefined && actions[found.action]() === false) return;
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
