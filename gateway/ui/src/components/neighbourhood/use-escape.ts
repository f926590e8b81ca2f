import { useEffect, useEffectEvent, type RefObject } from "react";

/** What is open over the page when the key goes down, and what keeps Escape for itself while it has the focus. */
const OVER = 'dialog[open], [role="dialog"], .pf-v6-c-menu-toggle[aria-expanded="true"]';
const OWN = "input, textarea, select, [contenteditable=true], .past";

/** Escape closes the panel, and nothing else at once: what the panel lies over stays open. */
export function useEscape(panel: RefObject<HTMLElement | null>, onClose: () => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector(OVER) !== null) return;
    const { target } = event;
    if (target instanceof Element && !panel.current?.contains(target) && target.closest(OWN) !== null) return;
    // A drawer below hears the key too, and leaves it where somebody has taken it.
    event.preventDefault();
    onClose();
  });
  useEffect(() => {
    // Before the page: its drawers were there first, and listen where the key comes last.
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, []);
}
