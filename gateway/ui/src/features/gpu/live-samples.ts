/**
 * Samples as the stream tells them, put into what was read: at most once a frame, whatever comes. What a
 * sample does not tell (what is raised, idle, lost) is read again, every few seconds at most.
 */

import { useQueryClient, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";

import { ontoMap, ontoNode, remember, type Samples } from "@/features/gpu/merge";
import type { GpuMap, GpuNodeDetail, GpuNodeList, GpuUpdate } from "@/generated/api.schemas";
import { live, useLiveEvents } from "@/lib/live";
import { useRefreshOn } from "@/lib/refresh";

export const MAP = "/api/v1/gpu/map";
export const NODES = "/api/v1/gpu/nodes";
const UPDATES = ["GPU_UPDATE"] as const;
const HAPPENED = ["GPU_THRESHOLD_CROSSED", "GPU_XID_ERROR", "GPU_DISAPPEARED", "GPU_REAPPEARED"];
const SUMMARY_MS = 5_000;
const FACTS_MS = 2_000;
/** Samples of nodes that have told none for so long are forgotten. */
const KEPT_MS = 600_000;

/** The newest sample of each node: an answer that is read may be behind what the stream has told. */
const newest = new Map<string, GpuUpdate>();

export const withNewest = (map: GpuMap): GpuMap => ontoMap(map, newest);
export const nodesWithNewest = (page: GpuNodeList): GpuNodeList => nodesOnto(page, newest);
export const nodeWithNewest = (node: GpuNodeDetail): GpuNodeDetail => ontoNode(node, newest);

/** While shown and `enabled`, what is read of GPUs is kept as it is now. `clusters`: of these; empty: of all. */
export function useLiveGpus(clusters: readonly string[], enabled: boolean): void {
  const client = useQueryClient();
  const chosen = clusters.join();
  const wanted = useMemo(
    () => ({ event_types: [...UPDATES], ...(chosen === "" ? {} : { cluster_filter: chosen.split(",") }) }),
    [chosen],
  );
  useEffect(() => {
    if (!enabled) return;
    const end = live.subscribe("GPU page: samples", wanted);
    return () => {
      end();
      newest.clear();
    };
  }, [enabled, wanted]);

  const waiting = useRef(new Map<string, GpuUpdate>());
  const frame = useRef(0);
  useLiveEvents({ types: UPDATES, enabled }, (events) => {
    for (const { payload } of events) {
      const update = payload as unknown as GpuUpdate;
      remember(waiting.current, update);
      remember(newest, update);
    }
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const told = waiting.current;
      waiting.current = new Map();
      forgetOld();
      putInto(client, told);
    });
  });
  useEffect(() => () => cancelAnimationFrame(frame.current), []);

  useRefreshOn({ types: [...UPDATES, ...HAPPENED], enabled }, ["/api/v1/gpu/summary"], SUMMARY_MS);
  useRefreshOn({ types: HAPPENED, enabled }, [MAP, NODES, "/api/v1/gpu/thresholds"], FACTS_MS);
}

function forgetOld(): void {
  const oldest = Date.now() - KEPT_MS;
  for (const [key, { sampled_at }] of newest) {
    if (Date.parse(sampled_at) < oldest) newest.delete(key);
  }
}

/** Into every answer in the cache that tells of now. */
function putInto(client: QueryClient, samples: Samples): void {
  const ofNow = (path: string, kind?: string) => ({
    predicate: ({ queryKey }: { queryKey: readonly unknown[] }) =>
      typeof queryKey[0] === "string" &&
      (kind === "node" ? queryKey[0].startsWith(`${path}/`) : queryKey[0] === path) &&
      (queryKey[1] as { as_of?: string } | undefined)?.as_of === undefined,
  });
  client.setQueriesData<GpuMap>(ofNow(MAP), (map) => map && ontoMap(map, samples));
  client.setQueriesData<GpuNodeDetail>(ofNow(NODES, "node"), (node) => node && ontoNode(node, samples));
  client.setQueriesData<InfiniteData<GpuNodeList>>(ofNow(NODES), (known) => {
    if (known === undefined) return undefined;
    const pages = known.pages.map((page) => nodesOnto(page, samples));
    return pages.every((page, index) => page === known.pages[index]) ? known : { ...known, pages };
  });
}

function nodesOnto(page: GpuNodeList, samples: Samples): GpuNodeList {
  const items = page.items.map((node) => ontoNode(node, samples));
  return items.every((node, index) => node === page.items[index]) ? page : { ...page, items };
}
