import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

/** When another page is there, the focus goes to its heading: who does not see it hears where they are. */
export function usePageTold(): void {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const before = useRef(path);
  useEffect(() => {
    if (path === undefined || path === before.current) return;
    const first = before.current === undefined;
    before.current = path;
    if (!first) headingOrPage()?.focus({ preventScroll: true });
  }, [path]);
}

function headingOrPage(): HTMLElement | null {
  const heading = document.querySelector<HTMLElement>("#page h1");
  if (heading !== null) heading.tabIndex = -1;
  return heading ?? document.querySelector<HTMLElement>("#page");
}
