/** A stretch of time chosen on a drawing: by dragging over it, or with arrow keys and Enter. */

import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

/** From and to, as parts of the width between 0 and 1. */
export type Stretch = readonly [number, number];

/** Less than that many pixels is a click. */
const CLICK = 4;

interface Brush {
  stretch: Stretch | undefined;
  /** For the element that is dragged over. */
  handlers: {
    onPointerDown: (event: PointerEvent<Element>) => void;
    onPointerMove: (event: PointerEvent<Element>) => void;
    onPointerUp: (event: PointerEvent<Element>) => void;
    onPointerCancel: () => void;
  };
}

/** `onChosen` is called once, when the pointer is let go after it was moved. */
export function useBrush(onChosen: (stretch: Stretch) => void): Brush {
  const from = useRef<number>(undefined);
  const [stretch, setStretch] = useState<Stretch>();
  const end = () => {
    from.current = undefined;
    setStretch(undefined);
  };
  return {
    stretch,
    handlers: {
      onPointerDown: (event) => {
        if (event.button === 0) from.current = placeOf(event);
      },
      onPointerMove: (event) => {
        if (from.current === undefined) return;
        const to = placeOf(event);
        if (Math.abs(to - from.current) * widthOf(event) < CLICK && stretch === undefined) return;
        // Only now: a click must reach what it is on.
        event.currentTarget.setPointerCapture(event.pointerId);
        setStretch([Math.min(from.current, to), Math.max(from.current, to)]);
      },
      onPointerUp: () => {
        const chosen = stretch;
        end();
        if (chosen) onChosen(chosen);
      },
      onPointerCancel: end,
    },
  };
}

interface KeyBrush {
  /** First and last of the steps that are chosen. */
  chosen: readonly [number, number] | undefined;
  onKeyDown: (event: KeyboardEvent) => void;
  onBlur: () => void;
}

/** Arrow keys go from step to step, with Shift they take in more of them; Enter chooses, Escape ends. */
export function useKeyBrush(steps: number, onChosen: (first: number, last: number) => void): KeyBrush {
  const [held, setHeld] = useState<{ at: number; anchor: number }>();
  const chosen = held ? ([Math.min(held.at, held.anchor), Math.max(held.at, held.anchor)] as const) : undefined;
  return {
    chosen,
    onBlur: () => setHeld(undefined),
    onKeyDown: (event) => {
      const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (by !== 0) {
        event.preventDefault();
        const at = Math.max(0, Math.min(steps - 1, held ? held.at + by : by > 0 ? 0 : steps - 1));
        setHeld({ at, anchor: event.shiftKey && held ? held.anchor : at });
      } else if (event.key === "Enter" && chosen) {
        event.preventDefault();
        onChosen(chosen[0], chosen[1]);
        setHeld(undefined);
      } else if (event.key === "Escape" && held) {
        event.preventDefault();
        setHeld(undefined);
      }
    },
  };
}

function placeOf(event: PointerEvent<Element>): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  return Math.max(0, Math.min(1, (event.clientX - left) / (width || 1)));
}

const widthOf = (event: PointerEvent<Element>) => event.currentTarget.getBoundingClientRect().width;
