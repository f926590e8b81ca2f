/** Which series are drawn where there are too many to tell apart. */

import { extentOf, type Extent } from "@/components/chart/align";
import type { ChartSeries } from "@/components/chart/chart";
import { commonLabels, namesOf, type Lines } from "@/components/chart/lines";

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

interface Called {
  drawn: Drawn[];
  /** What all that are drawn have in common, and not all others. */
  common: Lines["common"];
}

/** Where some are left out: the others called by what tells them from each other, and not from those. */
export function calledApart(series: readonly ChartSeries[], most = MOST_SERIES): Called {
  const drawn = highest(series, most);
  if (drawn.length === series.length || series.some(({ labels }) => labels === undefined)) return { drawn, common: {} };
  const { names } = namesOf(drawn.map((each) => namedBy(each.series)), "");
  const common = commonLabels(drawn.map((each) => each.series.labels!));
  const ofAll = commonLabels(series.map(({ labels }) => labels!));
  return {
    drawn: drawn.map((each, at) => ({ ...each, series: { ...each.series, name: names[at] || each.series.name } })),
    common: Object.fromEntries(Object.entries(common).filter(([name]) => !(name in ofAll))),
  };
}

function namedBy({ labels: { cluster, ...metric } = {} }: ChartSeries) {
  return { metric, clusterName: cluster };
}
