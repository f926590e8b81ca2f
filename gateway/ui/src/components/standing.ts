/** What somebody is here, in words. */

import { useClusterNaming } from "@/components/cluster-names";
import type { Whoami } from "@/generated/api.schemas";
import { grantsOf, reachOf } from "@/lib/rights";

/** `operator of hub-1, edge-2; viewer of all clusters`. */
export function useStanding(me: Whoami | undefined): string | undefined {
  const names = useClusterNaming();
  if (me === undefined) return undefined;
  if (me.grants.length === 0) return "without a role: you may see nothing";
  return grantsOf(me)
    .map((grant) => `${grant.role} of ${reachOf(grant, names)}`)
    .join("; ");
}
