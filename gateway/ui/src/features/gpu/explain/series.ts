/** Values of GPUs over time, as they are compared with before. */

import type { ExplainedSeries } from "@/components/explain/explain-drawer";
import { GPU_GRAINS } from "@/components/explain/gpu-grains";
import { linesOf } from "@/features/gpu/history/use-history";
import { COLUMNS } from "@/features/gpu/values";
import { GpuColumn, type GpuHistory } from "@/generated/api.schemas";

/** What the source does not tell of a GPU is no series of it; `several`: names tell which GPU it is of. */
export function seriesOf(history: GpuHistory, several: boolean): ExplainedSeries[] {
  const half = (history.step_seconds * 1000) / 2;
  return Object.values(GpuColumn).flatMap((column) =>
    linesOf(history, column)
      .filter(({ points: [, values] }) => Array.from(values).some(Number.isFinite))
      .map(({ name, points: [times, values] }) => ({
        name: several ? `${name}: ${COLUMNS[column].name}` : COLUMNS[column].name,
        unit: COLUMNS[column].unit,
        grain: GPU_GRAINS[COLUMNS[column].unit],
        clusterId: history.cluster_id,
        clusterName: history.cluster_name,
        // A point is told with the beginning of its step; in its middle it is on the right side of the window's.
        points: [Array.from(times, (at) => at + half), values] as const,
      })),
  );
}
