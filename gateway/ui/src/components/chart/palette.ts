/** The colours of a chart, as the theme has them now; a canvas knows nothing of tokens. */

import type { ChartSeries } from "@/components/chart/chart";

export const COLOURS = 8;
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

export interface Palette {
  series: readonly string[];
  tones: Readonly<Record<NonNullable<ChartSeries["tone"]>, string>>;
  text: string;
  line: string;
  font: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    series: Array.from({ length: COLOURS }, (_, number) => token(`--chart-${number + 1}`)),
    tones: {
      danger: token("--danger"),
      warning: token("--warning"),
      info: token("--info"),
      success: token("--success"),
      neutral: token("--neutral"),
    },
    text: token("--quiet"),
    line: token("--line"),
    font: `11px ${style.fontFamily}`,
  };
}

/** By name in a style sheet: `--chart-3`. */
export const colourOf = (index: number, tone?: ChartSeries["tone"]): string =>
  tone ? `var(--${tone})` : `var(--chart-${(index % COLOURS) + 1})`;

export function strokeOf(palette: Palette, index: number, tone?: ChartSeries["tone"]): string {
  return tone ? palette.tones[tone] : palette.series[index % COLOURS]!;
}

/** After eight colours come the same with dashes; a meaning has none. */
export const dashOf = (index: number, tone?: ChartSeries["tone"]): readonly number[] =>
  tone ? [] : DASHES[Math.floor(index / COLOURS) % DASHES.length]!;
