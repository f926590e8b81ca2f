/** A choice of neighbouring buckets, by pointer or by keyboard. */

import { useState, type KeyboardEvent, type PointerEvent } from "react";

export interface Brush {
  /** The bucket that is looked at. */
  at: number | undefined;
  /** First and last bucket that are chosen. */
  chosen: readonly [number, number] | undefined;
}

interface Choice {
  anchor: number;
  at: number;
  /** The pointer is down. */
  drawing: boolean;
  wide: boolean;
}

/** `onChoose`: these buckets were chosen, both inclusive. */
export function useBrush(length: number, onChoose: (first: number, last: number) => void) {
  const [choice, setChoice] = useState<Choice>();
  const clamp = (at: number) => Math.max(0, Math.min(length - 1, at));
  const bucketAt = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return clamp(Math.floor(((event.clientX - box.left) / (box.width || 1)) * length));
  };
  const choose = ({ anchor, at }: Choice) => {
    setChoice(undefined);
    onChoose(Math.min(anchor, at), Math.max(anchor, at));
  };
  const move = (step: number, extend: boolean) =>
    setChoice((before) => {
      // The first key comes from beyond the newest bucket.
      const at = clamp((before?.at ?? length) + step);
      const anchor = extend && before !== undefined ? before.anchor : at;
      return { anchor, at, drawing: false, wide: anchor !== at };
    });
  const props = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      const at = bucketAt(event);
      setChoice({ anchor: at, at, drawing: true, wide: false });
    },
    onPointerMove: (event: PointerEvent) => {
      const at = bucketAt(event);
      setChoice((before) =>
        before?.drawing
          ? { ...before, at, wide: before.wide || at !== before.anchor }
          : { anchor: at, at, drawing: false, wide: false },
      );
    },
    onPointerUp: (event: PointerEvent) => {
      // A click chooses nothing: it would be a zoom by mistake.
      if (choice?.drawing && choice.wide) choose({ ...choice, at: bucketAt(event) });
      else setChoice((before) => before && { ...before, drawing: false });
    },
    onPointerLeave: () => setChoice((before) => (before?.drawing ? before : undefined)),
    onPointerCancel: () => setChoice(undefined),
    onBlur: () => setChoice(undefined),
    onKeyDown: (event: KeyboardEvent) => {
      const step = STEPS[event.key];
      if (step !== undefined) move(step, event.shiftKey);
      else if (event.key === "Enter" && choice) choose(choice);
      else if (event.key === "Escape" && choice) setChoice(undefined);
      else return;
      event.preventDefault();
    },
  };
  const chosen =
    choice?.wide === true
      ? ([Math.min(choice.anchor, choice.at), Math.max(choice.anchor, choice.at)] as const)
      : undefined;
  return { at: choice?.at, chosen, props };
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
  Home: -100_000,
  End: 100_000,
};
