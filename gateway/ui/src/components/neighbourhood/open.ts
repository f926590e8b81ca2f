/** The page that each thing has of its own, or the one that shows it best. */

import type { Entity, Thing } from "@/components/neighbourhood/entity";
import type { Open } from "@/components/neighbourhood/group";
import { metricsOf } from "@/components/neighbourhood/queries";
import { gpuPlace } from "@/lib/gpus";

/** What opens in a drawer stands where the panel stands: the panel gives way, and Back brings it again. */
const ALONE = { near: undefined } as const;

export const alertPage = (id: string): Open => ({ to: "/alerts", search: { alert: id, ...ALONE }, says: "Open" });

export function gpuPage(cluster: string, node: string, index?: number | null): Open {
  const { to, search } = gpuPlace(cluster, node, index);
  return { to, search: { tab: "nodes", ...search, ...ALONE }, says: "Open" };
}

/** Its own page; undefined for a GPU, of which the node has to be known, and for what has none. */
export function pageOf(entity: Entity): Open | undefined {
  switch (entity.kind) {
    case "alert":
      return alertPage(entity.id);
    case "incident":
      return { to: `/incidents/${entity.id}`, says: "Open" };
    case "cluster":
      return { to: `/clusters/${entity.cluster}`, says: "Open" };
    case "service":
      return { to: "/observability/traces", search: { service: entity.name, clusters: [entity.cluster] }, says: "Traces" };
    default:
      return inMetrics(entity);
  }
}

const inMetrics = (thing: Thing): Open => ({
  to: "/observability/metrics",
  search: { query: metricsOf(thing).map(([, query]) => query), clusters: [thing.cluster] },
  says: "Metrics",
});
