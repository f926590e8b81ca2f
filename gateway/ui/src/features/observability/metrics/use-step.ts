import { useSyncExternalStore } from "react";

import { stepFor, stepOf } from "@/features/observability/metrics/step";
import type { MetricsSearch } from "@/features/observability/search";
import { resolveRange, useNow, useRange } from "@/lib/moment";
import { useSearch } from "@/lib/place";

/** Widths count in such steps of pixels: a window that is drawn wider asks nothing anew at each of them. */
const GRAIN = 400;

function onResize(tell: () => void): () => void {
  window.addEventListener("resize", tell);
  return () => window.removeEventListener("resize", tell);
}

const readWidth = () => Math.max(GRAIN, Math.floor(window.innerWidth / GRAIN) * GRAIN);

/** Milliseconds between the points of all charts of the page; `automatic`: without a choice. */
export function useStep(): { step: number; automatic: number } {
  const { step } = useSearch<MetricsSearch>();
  const range = resolveRange(useRange(), useNow(60_000));
  const width = useSyncExternalStore(onResize, readWidth);
  return { step: stepOf(step, range, width), automatic: stepFor(range, width) };
}
