/** What whoever is here may do: what they may not is not offered, and the hub refuses it anyway. */

import { useMemo } from "react";

import { useWhoAmI } from "@/generated/api";
import { Role, type GrantView, type Whoami } from "@/generated/api.schemas";

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
  const has = (roles: readonly Role[], cluster?: string | null): boolean =>
    me?.grants.some(({ role, clusters }) => roles.includes(role) && counts(clusters, cluster)) ?? false;
  return {
    me,
    rules: has([Role.admin], null),
    manages: (cluster) => has([Role.admin], cluster),
    operates: (cluster) => has([Role.admin, Role.operator], cluster),
  };
}

/** Whether what was given for these clusters (null: everywhere) counts for this one, or without one for any. */
function counts(clusters: readonly string[] | null, cluster: string | null | undefined): boolean {
  if (clusters === null) return true;
  return cluster === undefined ? clusters.length > 0 : cluster !== null && clusters.includes(cluster);
}

/** True for somebody whom every page would refuse: posting alerts is all that they may do, or nothing. */
export const readsNothing = ({ grants }: Whoami): boolean => grants.every(({ role }) => role === Role.ingest);

/** Where a role counts, in words; `names`: says which clusters these are. */
export function reachOf({ clusters }: GrantView, names: (clusters: readonly string[]) => string): string {
  if (clusters === null) return "all clusters";
  return clusters.length > 0 ? names(clusters) : "no cluster yet";
}

/** What somebody was given, the most first, without what another one of theirs says already. */
export function grantsOf({ grants }: Whoami): readonly GrantView[] {
  return grants.filter((grant, at) => !grants.slice(0, at).some((above) => includes(above, grant)));
}

/** `more` is no lower role; posting alerts is no part of what readers may do. */
function includes(more: GrantView, less: GrantView): boolean {
  if (less.role === Role.ingest && more.role !== Role.ingest) return false;
  return more.clusters === null || (less.clusters?.every((each) => more.clusters?.includes(each)) ?? false);
}

/** True if nothing that `before` could read is closed to `now`. */
export function readsNoLess(now: Whoami, before: Whoami): boolean {
  const isWithin = now.everywhere || (!before.everywhere && before.clusters.every((each) => now.clusters.includes(each)));
  return now.user === before.user && isWithin && (rightsOf(now).rules || !rightsOf(before).rules);
}

export function useRights(): Rights {
  const { data } = useWhoAmI({ query: { staleTime: Number.POSITIVE_INFINITY } });
  return useMemo(() => rightsOf(data), [data]);
}
