import { useEffect, useEffectEvent } from "react";

/** What is open over the page when the key goes down: Escape is for that then. */
const OVER = 'dialog[open], [role="dialog"], .drawer, .pf-v6-c-menu-toggle[aria-expanded="true"]';

/** Escape, unless something is open that it closes. */
export function useEscape(run: (() => void) | undefined): void {
  const isWanted = run !== undefined;
  const press = useEffectEvent(() => run?.());
  useEffect(() => {
    if (!isWanted) return;
    let over = false;
    const look = () => {
      over = document.querySelector(OVER) !== null;
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing && !over) press();
    };
    document.addEventListener("keydown", look, { capture: true });
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", look, { capture: true });
      document.removeEventListener("keydown", onKey);
    };
  }, [isWanted]);
}
