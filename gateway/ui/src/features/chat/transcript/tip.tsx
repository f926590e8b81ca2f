import { useEffect, useRef, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";

interface TipProps {
  text: string;
  children: ReactNode;
}

/** Between a tip and the edge of the window. */
const EDGE = 8;
const WIDEST = 352;

/**
 * What is told of a thing in a sentence while it has the pointer or the focus. PatternFly's tooltip puts
 * a block around its thing, which may not stand in a paragraph; whoever does not see it has the label.
 */
export function Tip({ text, children }: TipProps) {
  const place = useRef<HTMLSpanElement>(null);
  const [at, setAt] = useState<{ left: number; top: number; isAbove: boolean }>();
  const show = () => {
    const box = place.current?.getBoundingClientRect();
    if (box === undefined) return;
    const left = Math.max(EDGE, Math.min(box.left, window.innerWidth - WIDEST - EDGE));
    const isAbove = box.bottom > window.innerHeight - 120;
    setAt({ left, top: isAbove ? box.top : box.bottom, isAbove });
  };
  const hide = () => setAt(undefined);
  const isShown = at !== undefined;
  useEffect(() => {
    if (!isShown) return;
    const away = () => setAt(undefined);
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      away();
    };
    document.addEventListener("scroll", away, { capture: true, passive: true });
    document.addEventListener("keydown", onKey, { capture: true });
    return () => {
      document.removeEventListener("scroll", away, { capture: true });
      document.removeEventListener("keydown", onKey, { capture: true });
    };
  }, [isShown]);
  return (
    <span ref={place} className="chat-tipped" onPointerEnter={show} onPointerLeave={hide} onFocus={show} onBlur={hide}>
      {children}
      {at
        ? createPortal(
            <div className={at.isAbove ? "chat-tip is-above" : "chat-tip"} role="tooltip" style={{ left: at.left, top: at.top }}>
              <span>{text}</span>
            </div>,
            document.body,
          )
        : null}
    </span>
  );
}
