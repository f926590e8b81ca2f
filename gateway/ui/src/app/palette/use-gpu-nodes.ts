/** Nodes with GPUs that are called like what was typed: there may be thousands, so the hub looks for them. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { asked, type Entry } from "@/app/palette/find";
import { getListGpuNodesQueryKey, listGpuNodes } from "@/generated/api";
import type { GpuNode } from "@/generated/api.schemas";
import { gpuPlace } from "@/lib/gpus";
import { useAsOf } from "@/lib/moment";

const LEAST = 2;
const MOST = 5;
/** So long nothing more is typed before the hub is asked. */
const PAUSE_MS = 150;

const NONE: Entry[] = [];

export function useGpuNodes(typed: string): Entry[] {
  const asOf = useAsOf();
  const { wanted, groups } = asked(typed);
  const params = { q: wanted, page_size: MOST, ...asOf };
  const enabled = wanted.length >= LEAST && groups.includes("GPU nodes");
  const { data } = useQuery({
    queryKey: getListGpuNodesQueryKey(params),
    queryFn: async ({ signal }) => {
      await pause(signal);
      return listGpuNodes(params, { signal });
    },
    enabled,
    placeholderData: keepPreviousData,
  });
  return useMemo(() => (enabled && data ? data.items.map((node) => entryOf(node)) : NONE), [enabled, data]);
}

/** What is typed next breaks it off. */
const pause = (signal: AbortSignal) =>
  new Promise<void>((done, broken) => {
    const timer = setTimeout(done, PAUSE_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      broken(signal.reason as Error);
    });
  });

function entryOf({ cluster_id, cluster_name, node_name, gpus, stale }: GpuNode): Entry {
  const models = [...new Set(gpus.flatMap(({ name }) => name ?? []))];
  return {
    id: `gpu-node:${cluster_id}/${node_name}`,
    group: "GPU nodes",
    title: node_name,
    hint: `${gpus.length} × ${models.map((name) => name.replace(/^NVIDIA /, "")).join(", ") || "GPU"} in ${cluster_name}${stale ? ", not sampled" : ""}`,
    words: [cluster_name, ...models].map((word) => word.toLowerCase()),
    ...gpuPlace(cluster_id, node_name),
  };
}
