/** What a cluster has beside what every one has: GPUs and network functions, each with a tab of its own. */

import { keepPreviousData } from "@tanstack/react-query";

import { useGetGpuSummary, useListPtpStatus } from "@/generated/api";
import type { ClusterView } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";

export interface ClusterParts {
  gpus: boolean;
  functions: boolean;
}

/** By discovery, or where it cannot look by the samples: metrics tell of GPUs and clocks without it. */
export function useParts({ id, capabilities }: ClusterView): ClusterParts {
  const asOf = useAsOf();
  const found = { gpus: capabilities?.has_gpu_nodes ?? false, functions: capabilities?.has_cnf_workloads ?? false };
  const summary = useGetGpuSummary(
    { cluster_id: [id], ...asOf },
    { query: { enabled: !found.gpus, placeholderData: keepPreviousData } },
  );
  const clocks = useListPtpStatus(
    { cluster_id: [id], page_size: 1, ...asOf },
    { query: { enabled: !found.functions, placeholderData: keepPreviousData } },
  );
  return {
    gpus: found.gpus || (summary.data?.nodes ?? 0) > 0,
    functions: found.functions || (clocks.data?.total ?? 0) > 0,
  };
}
