import { useMemo } from "react";

import { boundsOf } from "@/features/anomalies/shared/bounds";
import { QueryChart } from "@/features/anomalies/shared/query-chart";
import type { Watch } from "@/generated/api.schemas";
import { resolveRange, useNow, useRange } from "@/lib/moment";

/** What a watch sees over the time range of the page, with its bounds. */
export function WatchChart({ watch }: { watch: Pick<Watch, "query" | "cluster_ids" | "above" | "below"> }) {
  const { query, cluster_ids = [], above, below } = watch;
  const range = useRange();
  const now = useNow(60_000);
  const levels = useMemo(() => boundsOf(above, below), [above, below]);
  return <QueryChart query={query} clusters={cluster_ids} range={resolveRange(range, now)} levels={levels} height={180} legend="none" />;
}
