/** Who may change what, and why not: buttons say it before the hub refuses. */

import { useWhoAmI } from "@/generated/api";
import { useAsOf } from "@/lib/moment";

export interface Allowed {
  /** Why registrations and credentials cannot be changed; undefined: they can. */
  manage: string | undefined;
  /** Why a cluster cannot be checked now; undefined: it can. */
  refresh: string | undefined;
}

export function useAllowed(): Allowed {
  const { as_of } = useAsOf();
  const { data: me } = useWhoAmI({ query: { staleTime: 60_000 } });
  if (as_of !== undefined) {
    const past = "The past is shown. Go back to now to change something.";
    return { manage: past, refresh: past };
  }
  const role = me?.role.toLowerCase();
  return {
    manage: role === undefined || role === "admin" ? undefined : "Only administrators may do this.",
    refresh:
      role === undefined || role === "admin" || role === "operator"
        ? undefined
        : "Only operators and administrators may do this.",
  };
}
