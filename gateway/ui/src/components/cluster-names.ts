/** Clusters in words: few by name, many as a number. */

import { useClusters } from "@/components/use-clusters";
import { plural } from "@/lib/format";

export function useClusterNaming(most = 3): (ids: readonly string[]) => string {
  const clusters = useClusters();
  return (ids) => {
    if (ids.length > most) return plural(ids.length, "cluster");
    return ids.map((id) => clusters.get(id)?.name ?? id.slice(0, 8)).join(", ");
  };
}
