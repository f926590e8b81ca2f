/** Who may change what: what one may not is not offered; what cannot be done now says why. */

import { useAsOf } from "@/lib/moment";
import { useRights } from "@/lib/rights";

export interface Allowed {
  /** Registration and credentials may be changed. */
  manages: boolean;
  /** It may be checked. */
  operates: boolean;
  /** Why nothing can be changed now, whoever is here; undefined: it can. */
  notNow: string | undefined;
}

/** With one cluster, or for all and those to come. */
export function useAllowed(cluster: string | null): Allowed {
  const { as_of } = useAsOf();
  const { manages, operates } = useRights();
  return {
    manages: manages(cluster),
    operates: operates(cluster),
    notNow: as_of === undefined ? undefined : "The past is shown. Go back to now to change something.",
  };
}
