/** Logs over time, as they are compared with before. */

import { asSelector } from "@/components/chart/lines";
import type { ExplainedSeries } from "@/components/explain/explain-drawer";
import { seriesOf } from "@/features/observability/logs/metric-result";
import type { LogsAnswer } from "@/generated/api.schemas";

interface Steps {
  /** Milliseconds since 1970, all of them. */
  start: number;
  end: number;
  step: number;
}

/** `areLines`: lines are counted, and where none is told there is none. */
export function comparedOf(answer: LogsAnswer, steps: Steps, areLines: boolean): ExplainedSeries[] {
  const clusters = answer.results.flatMap(({ cluster_id, cluster_name, data }) => data.map(() => ({ clusterId: cluster_id, clusterName: cluster_name })));
  return seriesOf(answer).series.map((series, at) => ({
    ...series,
    ...clusters[at],
    name: areLines ? `Lines of ${wholeName(series)}` : wholeName(series),
    ...(areLines ? { grain: 1 } : {}),
    points: areLines ? counted(series.points, steps) : moved(series.points, steps),
  }));
}

/** In a sentence it stands alone: `edge-1 {level="error"}`. */
function wholeName({ labels: { cluster = "", ...own } = {} }: Pick<ExplainedSeries, "labels">): string {
  const said = asSelector(own);
  return said === "" ? cluster : `${cluster} ${said}`;
}

/** To the middle of the step that it is of: so it is on the right side of the window's beginning. */
const moved = ([times, values]: ExplainedSeries["points"], { step }: Steps) =>
  [Array.from(times, (at) => at - step / 2), values] as const;

function counted([times, values]: ExplainedSeries["points"], { start, end, step }: Steps) {
  const all = Array.from({ length: Math.max(1, Math.round((end - start) / step)) }, () => 0);
  Array.from(times).forEach((at, point) => {
    const place = Math.round((at - start) / step) - 1;
    if (place in all) all[place] = values[point]!;
  });
  return [all.map((_, place) => start + (place + 0.5) * step), all] as const;
}
