/** GPUs and network functions as the home needs them: figures, and what is not well. */

import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Item } from "@/features/fleet/attention";
import { FACT_TYPES, hardwareItems } from "@/features/fleet/hardware-items";
import { useLog } from "@/features/fleet/log";
import {
  useGetGpuSummary,
  useListCnfWorkloads,
  useListDpdkStats,
  useListGpuThresholds,
  useListPtpStatus,
  useListSriovStatus,
} from "@/generated/api";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { GPU_FACTS } from "@/lib/gpus";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

/** Means change without an event; samples by the thousand are no matter of the home. */
const AGAIN_MS = 15_000;
const FUNCTIONS_AGAIN_MS = 60_000;
/** So many of those that are not well are told one by one or by name; the rest is counted. */
const READ = 20;
const FACTS = 300;

function useKept(again: number) {
  const { as_of } = useAsOf();
  return { query: { placeholderData: keepPreviousData, refetchInterval: as_of === undefined ? again : (false as const) } };
}

/** The GPUs of the fleet in figures. */
export function useGpus() {
  const asOf = useAsOf();
  const read = useGetGpuSummary(asOf, useKept(AGAIN_MS));
  useRefreshOn({ types: [...GPU_FACTS, "CLUSTER_DELETED"], enabled: asOf.as_of === undefined }, ["/api/v1/gpu/summary"], 1_000);
  return read;
}

interface Attention {
  items: readonly Item[];
  known: boolean;
  error: Error | null;
}

/** What of them needs somebody at the instant that is shown. */
export function useHardwareItems(clusters: readonly ClusterInFleet[], now: number): Attention {
  const asOf = useAsOf();
  const live = asOf.as_of === undefined;
  const kept = useKept(FUNCTIONS_AGAIN_MS);
  const gpus = useGpus();
  const crossed = useListGpuThresholds({ page_size: READ, ...asOf }, kept);
  const facts = useLog({ name: "gpu facts", types: FACT_TYPES, limit: FACTS });
  const asked = { page_size: READ, ...asOf };
  const workloads = useListCnfWorkloads({ state: ["FAILED", "CRASHING"], ...asked }, kept);
  const clocks = useListPtpStatus({ clock_state: ["FREERUN", "HOLDOVER"], ...asked }, kept);
  const virtual = useListSriovStatus({ exhausted: true, ...asked }, kept);
  const ports = useListDpdkStats({ dropping: true, ...asked }, kept);
  useRefreshOn({ types: [...GPU_FACTS, "CLUSTER_DELETED"], enabled: live }, ["/api/v1/gpu/thresholds"], 1_000);
  useRefreshOn({ types: ["CNF_STATUS_CHANGED", "CLUSTER_DELETED"], enabled: live }, ["/api/v1/cnf"], 1_000);

  const reads = [gpus, crossed, workloads, clocks, virtual, ports];
  const items = useMemo(
    () =>
      hardwareItems({
        gpus: gpus.data,
        crossed: crossed.data,
        facts: facts.items ?? [],
        functions: { workloads: workloads.data, clocks: clocks.data, virtual: virtual.data, ports: ports.data },
        silent: new Set(clusters.filter(({ state }) => state === "OFFLINE").map(({ id }) => id)),
        now,
      }),
    [clusters, gpus.data, crossed.data, facts.items, workloads.data, clocks.data, virtual.data, ports.data, now],
  );
  return {
    items,
    known: facts.items !== undefined && reads.every(({ data }) => data !== undefined),
    error: facts.error ?? reads.find(({ error }) => error !== null)?.error ?? null,
  };
}
