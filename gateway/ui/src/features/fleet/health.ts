/** Every cluster's health as it is now: read once, then kept by the events of the stream. */

import { keepPreviousData, useIsFetching, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";

import { useBatched } from "@/features/fleet/batched";
import { getGetFleetHealthQueryKey, useGetFleetHealth } from "@/generated/api";
import {
  ClusterState,
  type ClusterInFleet,
  type ClusterStatusChanged,
  type FleetHealth,
} from "@/generated/api.schemas";
import type { LiveEvent } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

/** Worst first. */
export const STATES = [
  ClusterState.OFFLINE,
  ClusterState.DEGRADED,
  ClusterState.UNKNOWN,
  ClusterState.PROVISIONING,
  ClusterState.ONLINE,
] as const;

const FOLD_MS = 500;
/** A read that was under way while events came may lack them: it is repeated, but not at once. */
const REPEAT_MS = 2_000;
/** Where nobody tells of the first cluster, as the stream is away, it is found so. */
const EMPTY_MS = 10_000;

const FOLDED = ["CLUSTER_STATUS_CHANGED", "CLUSTER_DELETED"];
const REREAD = ["CLUSTER_REGISTERED", "CLUSTER_UPDATED", "CLUSTER_DELETED"];

type Told = Pick<LiveEvent, "event_type" | "timestamp" | "logged_at" | "payload">;

/** The fleet after these events; clusters that none is about stay the same objects. */
export function foldHealth(items: readonly ClusterInFleet[], events: readonly Told[]): ClusterInFleet[] {
  const changed = new Map<string, Told>();
  const gone = new Set<string>();
  for (const event of events) {
    const { cluster_id: id } = event.payload as { cluster_id: string };
    if (event.event_type === "CLUSTER_DELETED") gone.add(id);
    else changed.set(id, event);
  }
  return items
    .filter(({ id }) => !gone.has(id))
    .map((cluster) => {
      const event = changed.get(cluster.id);
      return event === undefined ? cluster : after(cluster, event);
    });
}

function after(cluster: ClusterInFleet, { timestamp, logged_at, payload }: Told): ClusterInFleet {
  // As the hub has it: a site that was cut off tells later when it was.
  const at = logged_at ?? timestamp;
  if (cluster.changed_at !== null && Date.parse(cluster.changed_at) > Date.parse(at)) return cluster;
  const { new_state, health_score, status, reason } = payload as unknown as ClusterStatusChanged;
  return {
    ...cluster,
    state: new_state,
    health_score,
    connectivity: status.connectivity ?? null,
    last_error: status.last_error ?? (new_state === "ONLINE" ? null : reason),
    changed_at: at,
  };
}

const RANKS = new Map<ClusterState, number>(STATES.map((state, rank) => [state, rank]));

const NAMES = new Intl.Collator("en", { numeric: true });
export const byName = (a: ClusterInFleet, b: ClusterInFleet): number => NAMES.compare(a.name, b.name);

/** By state, then by score, then by name. */
export function worstFirst(a: ClusterInFleet, b: ClusterInFleet): number {
  return (
    RANKS.get(a.state)! - RANKS.get(b.state)! ||
    (a.health_score ?? -1) - (b.health_score ?? -1) ||
    byName(a, b)
  );
}

export type StateCounts = Readonly<Record<ClusterState, number>>;

export function countStates(clusters: readonly ClusterInFleet[]): StateCounts {
  const counts = { ONLINE: 0, OFFLINE: 0, DEGRADED: 0, UNKNOWN: 0, PROVISIONING: 0 };
  for (const { state } of clusters) counts[state] += 1;
  return counts;
}

/** The mean score of those that have one. */
export function meanScore(clusters: readonly ClusterInFleet[]): { mean: number | null; scored: number } {
  const scores = clusters.flatMap(({ health_score: score }) => (score === null ? [] : [score]));
  if (scores.length === 0) return { mean: null, scored: 0 };
  return { mean: scores.reduce((sum, score) => sum + score, 0) / scores.length, scored: scores.length };
}

/** The health of the fleet, worst first, live. */
export function useFleet() {
  const asOf = useAsOf();
  const live = asOf.as_of === undefined;
  const client = useQueryClient();
  const key = getGetFleetHealthQueryKey(asOf);
  const missed = useRef(false);
  const read = useGetFleetHealth(asOf, {
    query: {
      placeholderData: keepPreviousData,
      refetchInterval: ({ state }) => (live && state.data?.items.length === 0 ? EMPTY_MS : false),
    },
  });
  useBatched({ types: FOLDED, enabled: live }, FOLD_MS, (events) => {
    if (client.isFetching({ queryKey: key, exact: true }) > 0) missed.current = true;
    client.setQueryData<FleetHealth>(key, (before) => before && { items: foldHealth(before.items, events) });
  });
  useRefreshOn({ types: REREAD, enabled: live }, [key[0]], 1_000);

  const busy = useIsFetching({ queryKey: key, exact: true }) > 0;
  useEffect(() => {
    if (busy || !missed.current) return;
    missed.current = false;
    const timer = setTimeout(() => void client.invalidateQueries({ queryKey: key, exact: true }), REPEAT_MS);
    return () => clearTimeout(timer);
    // oxlint-disable-next-line react/exhaustive-deps -- the key is the same as long as the instant is
  }, [busy, client, asOf.as_of]);

  const clusters = useMemo(() => read.data?.items.toSorted(worstFirst), [read.data]);
  return { clusters, error: read.error, readAt: read.dataUpdatedAt, retry: read.refetch };
}
