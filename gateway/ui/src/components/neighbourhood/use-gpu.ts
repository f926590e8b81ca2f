/** A GPU by its UUID: which node it is on, and what is measured of it. */

import type { Of } from "@/components/neighbourhood/entity";
import type { Asked } from "@/components/neighbourhood/use-instant";
import { useListGpuNodes } from "@/generated/api";
import type { GpuNode, GpuView } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";

/** Nodes of one cluster that are looked through. */
export const MOST = 100;

export interface OnNode {
  node: string;
  gpu: GpuView;
}

export const gpusOf = (nodes: readonly GpuNode[]): OnNode[] => nodes.flatMap(({ node_name, gpus }) => gpus.map((gpu) => ({ node: node_name, gpu })));

/** Null: none of the nodes that the hub has sampled has it. Asked for by its UUID: a cluster may have more nodes than are read. */
export function useGpu({ cluster, name }: Of<"gpu">): Asked<OnNode | null> {
  const { data, error, refetch } = useListGpuNodes({ cluster_id: [cluster], q: name, page_size: MOST, ...useAsOf() });
  return { data: data && (gpusOf(data.items).find(({ gpu }) => gpu.uuid === name) ?? null), error, refetch };
}
