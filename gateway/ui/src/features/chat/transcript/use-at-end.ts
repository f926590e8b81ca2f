import { useCallback, useEffect, useRef, useState, type RefObject } from "react";

/** So near to the end counts as there. */
const NEAR = 48;

export interface AtEnd {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  isAtEnd: boolean;
  toEnd: () => void;
}

/** Follows the end of what grows, for whoever is there; who has scrolled away stays where they are. */
export function useAtEnd(): AtEnd {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [isAtEnd, setAtEnd] = useState(true);
  const toEnd = useCallback(() => {
    follows.current = true;
    setAtEnd(true);
    const shown = scroller.current;
    if (shown !== null) shown.scrollTop = shown.scrollHeight;
  }, []);
  useEffect(() => {
    const shown = scroller.current;
    if (shown === null || content.current === null) return;
    let before = shown.scrollTop;
    const look = () => {
      const isNear = shown.scrollHeight - shown.scrollTop - shown.clientHeight < NEAR;
      // What grows moves the end away; only who goes up wants to stay there.
      if (isNear) follows.current = true;
      else if (shown.scrollTop < before) follows.current = false;
      before = shown.scrollTop;
      setAtEnd(isNear || follows.current);
    };
    const grown = new ResizeObserver(() => {
      if (follows.current) shown.scrollTop = shown.scrollHeight;
    });
    grown.observe(content.current);
    grown.observe(shown);
    shown.addEventListener("scroll", look, { passive: true });
    return () => {
      grown.disconnect();
      shown.removeEventListener("scroll", look);
    };
  }, []);
  return { scroller, content, isAtEnd, toEnd };
}
