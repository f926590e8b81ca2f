/** Colours of the map: six steps of one hue each, told apart by lightness alone, as the theme has them now. */

import type { MapMetric } from "@/features/gpu/search";

export const STEPS = 6;

interface Scale {
  name: string;
  unit: string;
  /** Where the second and each later step begins. */
  bounds: readonly [number, number, number, number, number];
  hue: "load" | "heat";
  /** What a value is a part of. */
  of?: string;
}

export const SCALES: Readonly<Record<MapMetric, Scale>> = {
  utilization: { name: "Utilisation", unit: "%", bounds: [5, 25, 50, 75, 90], hue: "load" },
  memory: { name: "Memory used", unit: "%", bounds: [5, 25, 50, 75, 90], hue: "load", of: "of its memory" },
  temperature: { name: "Temperature", unit: "°C", bounds: [40, 55, 65, 75, 85], hue: "heat" },
  power: { name: "Power", unit: "%", bounds: [5, 25, 50, 75, 90], hue: "load", of: "of its limit" },
};

export function stepOf(value: number, metric: MapMetric): number {
  const found = SCALES[metric].bounds.findIndex((bound) => value < bound);
  return found < 0 ? STEPS - 1 : found;
}

/** `< 5`, `5–25`, `≥ 90`. */
export function stepLabel(step: number, metric: MapMetric): string {
  const { bounds } = SCALES[metric];
  if (step === 0) return `< ${bounds[0]}`;
  if (step === STEPS - 1) return `≥ ${bounds[STEPS - 2]}`;
  return `${bounds[step - 1]}–${bounds[step]}`;
}

export interface Palette {
  load: readonly string[];
  heat: readonly string[];
  surface: string;
  danger: string;
  text: string;
  quiet: string;
  line: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const steps = (hue: string) => Array.from({ length: STEPS }, (_, step) => token(`--gpu-${hue}-${step}`));
  return {
    load: steps("load"),
    heat: steps("heat"),
    surface: token("--surface"),
    danger: token("--danger"),
    text: token("--text"),
    quiet: token("--quiet"),
    line: token("--gpu-empty"),
  };
}
