/** Values of a node's GPUs over the time range of the page. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { ChartSeries } from "@/components/chart/chart";
import type { NodeId } from "@/features/gpu/search";
import { gpuName } from "@/features/gpu/values";
import { getGpuHistory } from "@/generated/api";
import type { GpuColumn, GpuHistory, OverTime } from "@/generated/api.schemas";
import { resolveRange, useAsOf, useRange } from "@/lib/moment";

export interface Asked {
  node: NodeId;
  /** One GPU; without it, all of the node. */
  uuid?: string | undefined;
  columns: readonly GpuColumn[];
  over: OverTime;
}

const EVERY_MS = 15_000;

/** The answer, and the range that it was asked for. */
export interface Told extends GpuHistory {
  start: number;
  end: number;
}

export function useHistory({ node, uuid, columns, over }: Asked) {
  const range = useRange();
  const asOf = useAsOf();
  const moves = asOf.as_of === undefined && range.to === "now";
  const params = {
    cluster_id: node.cluster,
    node_name: node.name,
    ...(uuid === undefined ? {} : { gpu_uuid: uuid }),
    metric: [...columns],
    aggregation: over,
    ...asOf,
  };
  return useQuery({
    queryKey: ["/api/v1/gpu/history", params, range],
    queryFn: async ({ signal }): Promise<Told> => {
      const now = asOf.as_of === undefined ? Date.now() : Date.parse(asOf.as_of);
      const { start, end } = resolveRange(range, now);
      const [from, to] = [new Date(start).toISOString(), new Date(end).toISOString()];
      return { ...(await getGpuHistory({ ...params, from, to }, { signal })), start, end };
    },
    placeholderData: keepPreviousData,
    ...(moves ? { refetchInterval: EVERY_MS } : {}),
  });
}

const MIB = 1_048_576;

/** Lines of one metric, one for each GPU. */
export function useLines(history: GpuHistory | undefined, column: GpuColumn): ChartSeries[] {
  return useMemo(() => linesOf(history, column), [history, column]);
}

export function linesOf(history: GpuHistory | undefined, column: GpuColumn): ChartSeries[] {
  const by = column === "memory_used_mb" ? MIB : 1;
  return (history?.series ?? [])
    .filter(({ metric }) => metric === column)
    .map(({ gpu_uuid, index, points }) => ({
      name: gpuName(index, gpu_uuid),
      points: [
        points.map(([at]) => at * 1000),
        points.map(([, value]) => (value === null ? Number.NaN : value * by)),
      ] as const,
    }));
}

export const SOURCE_WORDS: Readonly<Record<GpuHistory["source"], string>> = {
  SAMPLES: "single samples",
  MINUTES: "values by minute",
  HOURS: "values by hour",
};
