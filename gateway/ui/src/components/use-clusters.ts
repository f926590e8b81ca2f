import { useMemo } from "react";

import { useGetFleetHealth } from "@/generated/api";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";

/** Every cluster by id: name and state. */
export function useClusters(): ReadonlyMap<string, ClusterInFleet> {
  const { data } = useGetFleetHealth(useAsOf(), { query: { staleTime: 30_000 } });
  return useMemo(() => new Map(data?.items.map((cluster) => [cluster.id, cluster])), [data]);
}
