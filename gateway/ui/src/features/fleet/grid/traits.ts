/** What clusters are grouped by. Health does not tell it, so it is read only where it is asked for. */

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";

import { useBatched } from "@/features/fleet/batched";
import type { Grouping } from "@/features/fleet/search";
import { listClusters } from "@/generated/api";
import type { Cluster, ClusterInFleet } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { useAsOf } from "@/lib/moment";

export type Traits = Readonly<Record<Grouping, string | null>>;

/** A page's most; so many are read side by side. */
const PAGE = 100;
const SIDE_BY_SIDE = 4;
const MERGE_MS = 500;

const traitsOf = ({ environment, region, cluster_type }: Pick<Cluster, "environment" | "region" | "cluster_type">): Traits => ({
  environment: environment ?? null,
  region: region ?? null,
  type: cluster_type ?? null,
});

/** By id; undefined until all are read. */
export function useTraits(enabled: boolean) {
  const asOf = useAsOf();
  const client = useQueryClient();
  const key = ["/api/v1/clusters", "traits", asOf] as const;
  const read = useQuery({
    queryKey: key,
    enabled,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const page = (at: number) => listClusters({ page: at, page_size: PAGE, sort: "name", ...asOf }, { signal });
      const first = await page(1);
      const found = [...first.items];
      for (let at = 2; at <= first.total_pages; at += SIDE_BY_SIDE) {
        const wanted = Array.from({ length: Math.min(SIDE_BY_SIDE, first.total_pages - at + 1) }, (_, step) => at + step);
        for (const { items } of await Promise.all(wanted.map(page))) found.push(...items);
      }
      return new Map(found.map((cluster) => [cluster.id, traitsOf(cluster)]));
    },
  });
  const types = ["CLUSTER_REGISTERED", "CLUSTER_UPDATED"];
  useBatched({ types, enabled: enabled && asOf.as_of === undefined }, MERGE_MS, (events) => {
    const told = events.map(({ payload }) => (payload as unknown as { cluster: Cluster }).cluster);
    client.setQueryData<ReadonlyMap<string, Traits>>(
      key,
      (before) => before && new Map([...before, ...told.map((cluster) => [cluster.id, traitsOf(cluster)] as const)]),
    );
  });
  return { traits: read.data, error: read.error };
}

export interface Group {
  id: string;
  name: string;
  clusters: readonly ClusterInFleet[];
}

const ORDER = ["PRODUCTION", "STAGING", "DEVELOPMENT", "LAB", "HUB", "SPOKE", "EDGE", "FAR_EDGE"];

/** In an order that does not change with health, so that a group is always at its place. */
export function grouped(
  clusters: readonly ClusterInFleet[],
  by: Grouping | undefined,
  traits: ReadonlyMap<string, Traits> | undefined,
): Group[] {
  if (by === undefined || traits === undefined) return [{ id: "all", name: "All clusters", clusters }];
  const groups = Map.groupBy(clusters, ({ id }) => traits.get(id)?.[by] ?? "");
  const placeOf = (id: string) => (id === "" ? 99 : ORDER.includes(id) ? ORDER.indexOf(id) : 50);
  return [...groups]
    .toSorted(([a], [b]) => placeOf(a) - placeOf(b) || a.localeCompare(b, "en", { numeric: true }))
    .map(([id, clusters]) => ({
      id,
      name: id === "" ? `No ${by}` : by === "region" ? id : title(id),
      clusters,
    }));
}
