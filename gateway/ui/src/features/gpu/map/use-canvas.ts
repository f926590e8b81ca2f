/** The canvas of the map: as wide as its box, in the colours of the theme, drawn when something has changed. */

import { useCallback, useEffect, useEffectEvent, useLayoutEffect, useRef, useSyncExternalStore } from "react";

import { paint, penOf, type Picture } from "@/features/gpu/map/paint";
import { readPalette, type Palette } from "@/features/gpu/map/ramp";

/** Pixels of the box; 0 until there is one. */
export function useWidth(box: HTMLElement | null): number {
  const follow = useCallback(
    (changed: () => void) => {
      if (box === null) return () => {};
      const size = new ResizeObserver(changed);
      size.observe(box);
      return () => size.disconnect();
    },
    [box],
  );
  return useSyncExternalStore(follow, () => Math.floor(box?.clientWidth ?? 0));
}

type Wanted = Omit<Picture, "palette">;

/** Knows what is on a canvas, so that only what has changed is drawn. */
class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #pen: CanvasRenderingContext2D | null;
  #palette: Palette | undefined;
  #painted: Picture | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#pen = penOf(canvas);
  }

  /** The theme has changed. */
  forget(): void {
    this.#palette = undefined;
  }

  draw(wanted: Wanted): void {
    if (this.#pen === null) return;
    const palette = (this.#palette ??= readPalette(this.#canvas));
    const scale = window.devicePixelRatio || 1;
    this.#fit(Math.round(wanted.layout.width * scale), Math.round(wanted.layout.height * scale));
    this.#pen.setTransform(scale, 0, 0, scale, 0, 0);
    const now = { ...wanted, palette };
    paint(this.#pen, now, this.#painted);
    this.#painted = now;
  }

  /** A canvas of another size is empty. */
  #fit(width: number, height: number): void {
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#painted = undefined;
  }
}

/** Draws after each render. */
export function usePainted(canvas: HTMLCanvasElement | null, wanted: Wanted): void {
  const painter = useRef<Painter>(undefined);
  const draw = useEffectEvent(() => painter.current?.draw(wanted));
  useLayoutEffect(() => {
    painter.current = canvas === null ? undefined : new Painter(canvas);
  }, [canvas]);
  useLayoutEffect(() => draw());
  useEffect(() => {
    const theme = new MutationObserver(() => {
      painter.current?.forget();
      draw();
    });
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    return () => theme.disconnect();
  }, []);
}
