/** Keeps the current tab in view where the tabs are wider than the screen: after a direct load, too. */

import { useEffect, useRef, type RefObject } from "react";

/** For the element around the tabs; `tab`: the `eventKey` of the current one. */
export function useTabInView(tab: string): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    place.current?.querySelector(`[id^="pf-tab-${tab}-"]`)?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [tab]);
  return place;
}
