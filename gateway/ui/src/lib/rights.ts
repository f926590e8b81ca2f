/** What whoever is here may do: what they may not is not offered, and the hub refuses it anyway. */

import { useMemo } from "react";

import { useWhoAmI } from "@/generated/api";
import { Role, type Whoami } from "@/generated/api.schemas";

export interface Rights {
  /** Undefined until the hub has said who is here: until then nothing may be done. */
  readonly me: Whoami | undefined;
  /** An administrator of all clusters: also operations, tokens, audit and clusters to come. */
  readonly rules: boolean;
  /** Clusters may be changed: this one, or without one any. */
  readonly manages: (cluster?: string | null) => boolean;
  /** Alerts may be silenced and clusters checked: of this one, or without one of any. */
  readonly operates: (cluster?: string | null) => boolean;
}

/** What may be done by roles, the most first. */
export const MAY: Readonly<Record<Role, string>> = {
  admin: "Everything; of all clusters also tokens, audit and operations",
  operator: "Read, silence alerts, check clusters",
  viewer: "Read",
  ingest: "Post alerts, and read nothing",
};

export function rightsOf(me: Whoami | undefined): Rights {
  const has = (roles: readonly Role[], cluster?: string | null): boolean => {
    if (!me?.role || !roles.includes(me.role)) return false;
    return cluster === undefined || me.everywhere || (cluster !== null && me.clusters.includes(cluster));
  };
  return {
    me,
    rules: has([Role.admin], null),
    manages: (cluster) => has([Role.admin], cluster),
    operates: (cluster) => has([Role.admin, Role.operator], cluster),
  };
}

/** Of what somebody's role is, in words; `names`: of their clusters. */
export function reachOf({ role, clusters, everywhere }: Whoami, names: string): string {
  if (everywhere) return "all clusters";
  if (clusters.length > 0) return names;
  // Several roles, each for others: no list tells which is for what.
  return role === Role.ingest ? "all clusters" : "some clusters";
}

export function useRights(): Rights {
  const { data } = useWhoAmI({ query: { staleTime: Number.POSITIVE_INFINITY } });
  return useMemo(() => rightsOf(data), [data]);
}
