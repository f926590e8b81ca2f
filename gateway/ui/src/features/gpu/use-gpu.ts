/** What the hub tells of GPUs, read for what the URL says. */

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { MAP, NODES, nodesWithNewest, nodeWithNewest, withNewest } from "@/features/gpu/live-samples";
import { NODE_SORTS, sortOf, type GpuSearch, type NodeId } from "@/features/gpu/search";
import {
  getGetGpuNodeQueryKey,
  getGpuMap,
  getGpuNode,
  listGpuNodes,
  listGpuProcesses,
  listGpuThresholds,
  useGetGpuSummary,
} from "@/generated/api";
import type { ListGpuNodesParams, ListGpuProcessesParams, ListGpuThresholdsParams } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { useSearch } from "@/lib/place";

const PAGE_SIZE = 100;
/** What no event tells: what has become idle or stale, and which process uses what. */
const EVERY_MS = 15_000;

/** Reads again by itself, unless an instant is shown. */
function useEvery() {
  const asOf = useAsOf();
  return { asOf, every: asOf.as_of === undefined ? { refetchInterval: EVERY_MS } : {} };
}

const some = (clusters: readonly string[] | undefined) =>
  clusters && clusters.length > 0 ? { cluster_id: [...clusters] } : {};

export function useSummary() {
  const { asOf, every } = useEvery();
  const { cluster_id, namespace } = useSearch<GpuSearch>();
  return useGetGpuSummary(
    { ...some(cluster_id), ...(namespace ? { namespace } : {}), ...asOf },
    { query: { placeholderData: keepPreviousData, ...every } },
  );
}

export function useMap() {
  const { asOf, every } = useEvery();
  const { cluster_id } = useSearch<GpuSearch>();
  const params = { ...some(cluster_id), ...asOf };
  return useQuery({
    queryKey: [MAP, params],
    queryFn: async ({ signal }) => {
      const map = await getGpuMap(params, { signal });
      return asOf.as_of === undefined ? withNewest(map) : map;
    },
    placeholderData: keepPreviousData,
    // Ten thousand rows are not compared one by one, twenty times a second.
    structuralSharing: false,
    ...every,
  });
}

export function nodeParams({ cluster_id, model, namespace, source, stale, q, sort }: GpuSearch): ListGpuNodesParams {
  return {
    ...some(cluster_id),
    ...(model ? { model } : {}),
    ...(namespace ? { namespace } : {}),
    ...(source ? { source } : {}),
    ...(stale === undefined ? {} : { stale }),
    ...(q ? { q } : {}),
    sort: sortOf(sort, NODE_SORTS) ?? "cluster,name",
  };
}

export function useNodes() {
  const { asOf, every } = useEvery();
  const params = { ...nodeParams(useSearch<GpuSearch>()), ...asOf };
  return useInfiniteQuery({
    queryKey: [NODES, params],
    queryFn: async ({ pageParam, signal }) => {
      const page = await listGpuNodes({ ...params, page: pageParam, page_size: PAGE_SIZE }, { signal });
      return asOf.as_of === undefined ? nodesWithNewest(page) : page;
    },
    structuralSharing: false,
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
    ...every,
  });
}

export function useNode({ cluster, name }: NodeId) {
  const { asOf, every } = useEvery();
  return useQuery({
    queryKey: getGetGpuNodeQueryKey(cluster, name, asOf),
    queryFn: async ({ signal }) => {
      const node = await getGpuNode(cluster, name, asOf, { signal });
      return asOf.as_of === undefined ? nodeWithNewest(node) : node;
    },
    placeholderData: keepPreviousData,
    ...every,
  });
}

export function processParams(search: GpuSearch): ListGpuProcessesParams {
  const { cluster_id, namespace, attribution, gpu_uuid, q } = search;
  return {
    ...some(cluster_id),
    ...(namespace ? { namespace } : {}),
    ...(attribution ? { attribution: [attribution] } : {}),
    ...(gpu_uuid ? { gpu_uuid } : {}),
    ...(q ? { q } : {}),
  };
}

export function useProcesses() {
  const { asOf, every } = useEvery();
  const params = { ...processParams(useSearch<GpuSearch>()), ...asOf };
  return useInfiniteQuery({
    queryKey: ["/api/v1/gpu/processes", params],
    queryFn: ({ pageParam, signal }) =>
      listGpuProcesses({ ...params, page: pageParam, page_size: PAGE_SIZE }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
    ...every,
  });
}

export function thresholdParams({ cluster_id, raised }: GpuSearch): ListGpuThresholdsParams {
  return { ...some(cluster_id), ...(raised ? { metric: [raised] } : {}) };
}

export function useThresholds() {
  const { asOf, every } = useEvery();
  const params = { ...thresholdParams(useSearch<GpuSearch>()), ...asOf };
  return useInfiniteQuery({
    queryKey: ["/api/v1/gpu/thresholds", params],
    queryFn: ({ pageParam, signal }) =>
      listGpuThresholds({ ...params, page: pageParam, page_size: PAGE_SIZE }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
    ...every,
  });
}
