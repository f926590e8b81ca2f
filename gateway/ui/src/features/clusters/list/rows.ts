/** The list of clusters: read page by page as one scrolls, kept fresh by events. */

import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";

import { listClusters } from "@/generated/api";
import type {
  ClusterList,
  ClusterStatusChanged,
  ClusterView,
  ListClustersParams,
} from "@/generated/api.schemas";
import type { ClustersSearch } from "@/features/clusters/search";
import { useLiveEvents, type LiveEvent } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PAGE_SIZE = 100;
const PATH = "/api/v1/clusters";
/** Also without any event: `last seen` moves on with each check, of which no event tells. */
const EVERY_MS = 30_000;

const REGISTRY = [
  "CLUSTER_REGISTERED",
  "CLUSTER_UPDATED",
  "CLUSTER_DELETED",
  "CLUSTER_CAPABILITIES_CHANGED",
  "CLUSTER_CREDENTIALS_UPDATED",
  "CLUSTER_CREDENTIALS_DELETED",
  "CLUSTER_CREDENTIALS_EXPIRING",
];

type Pages = InfiniteData<ClusterList>;

/** What the hub is asked for what the URL says. */
export function paramsOf(search: ClustersSearch): ListClustersParams {
  const { name, state, type, environment, region, label, gpu, cnf, sort } = search;
  return {
    ...(name ? { name: name.toLowerCase() } : {}),
    ...(state ? { state } : {}),
    ...(type ? { cluster_type: type } : {}),
    ...(environment ? { environment } : {}),
    ...(region ? { region } : {}),
    ...(label && label.length > 0 ? { label } : {}),
    ...(gpu === undefined ? {} : { has_gpu: gpu }),
    ...(cnf === undefined ? {} : { has_cnf: cnf }),
    sort: sort ?? "name",
  };
}

/** True where a change of state moves rows or takes them off the list. */
const dependsOnState = ({ state, sort }: ClustersSearch) =>
  state !== undefined || /state|health/.test(sort ?? "");

export function useClusterRows(search: ClustersSearch) {
  const client = useQueryClient();
  const asOf = useAsOf();
  const enabled = asOf.as_of === undefined;
  const params = { ...paramsOf(search), ...asOf };
  const query = useInfiniteQuery({
    queryKey: [PATH, params, "pages"],
    queryFn: ({ pageParam, signal }) =>
      listClusters({ ...params, page: pageParam, page_size: PAGE_SIZE }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
    ...(enabled ? { refetchInterval: EVERY_MS } : {}),
  });
  useLiveEvents({ types: ["CLUSTER_STATUS_CHANGED"], enabled }, (events) => {
    client.setQueriesData<Pages>({ predicate: ({ queryKey }) => isList(queryKey) }, (pages) =>
      withStates(pages, events),
    );
  });
  useRefreshOn(
    { types: dependsOnState(search) ? [...REGISTRY, "CLUSTER_STATUS_CHANGED"] : REGISTRY, enabled },
    [PATH],
  );
  return query;
}

const isList = (key: readonly unknown[]) => key[0] === PATH && key[2] === "pages";

/** Every row once: clusters that are added while one scrolls move others to the next page. */
export function rowsOf(pages: Pages | undefined): ClusterView[] {
  const rows = new Map<string, ClusterView>();
  for (const { items } of pages?.pages ?? []) {
    for (const cluster of items) if (!rows.has(cluster.id)) rows.set(cluster.id, cluster);
  }
  return [...rows.values()];
}

/** The list with the states that events tell of. */
export function withStates(pages: Pages | undefined, events: readonly LiveEvent[]): Pages | undefined {
  if (pages === undefined) return undefined;
  const told = new Map(events.map((event) => [event.cluster_id, event]));
  let changed = false;
  const next = pages.pages.map((page) => {
    if (!page.items.some(({ id }) => told.has(id))) return page;
    changed = true;
    return { ...page, items: page.items.map((cluster) => withState(cluster, told.get(cluster.id))) };
  });
  return changed ? { ...pages, pages: next } : pages;
}

function withState(cluster: ClusterView, event: LiveEvent | undefined): ClusterView {
  if (event === undefined) return cluster;
  const at = event.timestamp;
  const { status, recent } = event.payload as unknown as ClusterStatusChanged;
  return {
    ...cluster,
    status: { ...status, checked_at: at },
    last_seen_at: recent.at(-1) === true ? at : cluster.last_seen_at,
  };
}
