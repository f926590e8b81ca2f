/** Whether the page is being printed: what is on paper cannot be scrolled, opened or hovered. */

import { flushSync } from "react-dom";
import { create } from "zustand";

/** Of longer lists so many rows are printed. */
export const MOST_PRINTED = 500;

export const usePrinting = create<{ printing: boolean; href: string }>(() => ({ printing: false, href: "" }));

let opened: HTMLDetailsElement[] = [];

/** At once: the browser takes the page as it is when its listeners have returned. */
function begin(): void {
  if (usePrinting.getState().printing) return;
  opened = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
  for (const part of opened) part.open = true;
  flushSync(() => usePrinting.setState({ printing: true, href: location.href }));
  // A sheet can write out only what an attribute says, and `href` may be a path.
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[href]")) link.dataset["address"] = link.href;
}

function end(): void {
  for (const part of opened) part.open = false;
  opened = [];
  flushSync(() => usePrinting.setState({ printing: false }));
}

window.addEventListener("beforeprint", begin);
window.addEventListener("afterprint", end);
