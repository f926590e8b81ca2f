import { useEffect } from "react";

import { PATHS } from "@/features/cnf/shared/names";
import { live } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const SAMPLED = ["CNF_UPDATE"] as const;
const CHANGED = ["CNF_STATUS_CHANGED", "CLUSTER_DELETED"] as const;
export const TOLD = [...CHANGED, ...SAMPLED] as const;
const CHANGED_MS = 1_000;
/** A large fleet is sampled all the time; mostly only ages are other ones then. */
const SAMPLED_MS = 5_000;
const READ = Object.values(PATHS);

/** Reads again what is shown as clusters are sampled; samples come only while this is shown. */
export function useFresh(clusters: readonly string[]): void {
  const enabled = useAsOf().as_of === undefined;
  const chosen = clusters.join(" ");
  useEffect(() => {
    if (!enabled) return;
    const cluster_filter = chosen === "" ? {} : { cluster_filter: chosen.split(" ") };
    return live.subscribe("network functions page: samples", { event_types: SAMPLED, ...cluster_filter });
  }, [enabled, chosen]);
  useRefreshOn({ types: CHANGED, enabled }, READ, CHANGED_MS);
  useRefreshOn({ types: SAMPLED, enabled }, READ, SAMPLED_MS);
}
