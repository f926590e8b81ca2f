/** Which series are drawn where there are too many to tell apart. */

import { extentOf, type Extent } from "@/components/chart/align";
import type { ChartSeries } from "@/components/chart/chart";

export const MOST_SERIES = 50;

export interface Drawn {
  series: ChartSeries;
  extent: Extent | undefined;
}

/** All of them, or those with the highest values, in the order in which they came. */
export function highest(series: readonly ChartSeries[], most = MOST_SERIES): Drawn[] {
  const all = series.map((each) => ({ series: each, extent: extentOf(each.points) }));
  if (all.length <= most) return all;
  const height = ({ extent }: Drawn) => extent?.max ?? Number.NEGATIVE_INFINITY;
  const kept = new Set(all.toSorted((a, b) => height(b) - height(a)).slice(0, most));
  return all.filter((each) => kept.has(each));
}
