/** Clusters by what they have in common. */

import type { Grouping } from "@/features/fleet/search";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { title } from "@/lib/format";

const FIELDS = { environment: "environment", region: "region", type: "cluster_type" } as const satisfies Record<
  Grouping,
  keyof ClusterInFleet
>;

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
): Group[] {
  if (by === undefined) return [{ id: "all", name: "All clusters", clusters }];
  const groups = Map.groupBy(clusters, (cluster) => cluster[FIELDS[by]] ?? "");
  const placeOf = (id: string) => (id === "" ? 99 : ORDER.includes(id) ? ORDER.indexOf(id) : 50);
  return [...groups]
    .toSorted(([a], [b]) => placeOf(a) - placeOf(b) || a.localeCompare(b, "en", { numeric: true }))
    .map(([id, clusters]) => ({
      id,
      name: id === "" ? `No ${by}` : by === "region" ? id : title(id),
      clusters,
    }));
}
