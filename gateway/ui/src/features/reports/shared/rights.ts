/** Whether whoever is here may do something about a report: as the hub has it, all of its clusters have to be theirs. */

import { useAsOf } from "@/lib/moment";
import { useRights } from "@/lib/rights";

export function useMayOf(): (scope: readonly string[]) => boolean {
  const { operates } = useRights();
  const { as_of } = useAsOf();
  return (scope) => as_of === undefined && (scope.length === 0 ? operates(null) : scope.every((cluster) => operates(cluster)));
}
