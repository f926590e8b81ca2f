/** What the pages of clusters keep in their URLs. */

import { ClusterState, ClusterType, Environment } from "@/generated/api.schemas";
import { flag, list, oneOf, someOf, text, type Raw } from "@/lib/search";

export const SORTS = ["name", "state", "health_score", "cluster_type", "environment", "region"] as const;
type Sort = (typeof SORTS)[number];
const ORDERS: readonly (Sort | `-${Sort}`)[] = SORTS.flatMap((by) => [by, `-${by}` as const]);

export interface ClustersSearch {
  /** A part of the name. */
  name?: string | undefined;
  state?: ClusterState[] | undefined;
  type?: ClusterType[] | undefined;
  environment?: Environment[] | undefined;
  region?: string | undefined;
  /** `key=value`; all must match. */
  label?: string[] | undefined;
  gpu?: boolean | undefined;
  cnf?: boolean | undefined;
  sort?: (typeof ORDERS)[number] | undefined;
  /** The id of the cluster in the drawer. */
  open?: string | undefined;
}

export function readClustersSearch(raw: Raw): ClustersSearch {
  return {
    name: text(raw["name"]),
    state: someOf(raw["state"], Object.values(ClusterState)),
    type: someOf(raw["type"], Object.values(ClusterType)),
    environment: someOf(raw["environment"], Object.values(Environment)),
    region: text(raw["region"]),
    label: list(raw["label"])?.filter((each) => each.indexOf("=") > 0),
    gpu: flag(raw["gpu"]),
    cnf: flag(raw["cnf"]),
    sort: oneOf(raw["sort"], ORDERS),
    open: text(raw["open"]),
  };
}

export const WAYS = ["kubeconfig", "form", "managed"] as const;
export type Way = (typeof WAYS)[number];

export interface AddSearch {
  way?: Way | undefined;
  /** It is registered without credentials, unless one says otherwise. */
  login?: "later" | undefined;
}

/** How a cluster is added. */
export function readAddSearch(raw: Raw): AddSearch {
  return { way: oneOf(raw["way"], WAYS), login: oneOf(raw["login"], ["later"]) };
}

export const TABS = [
  "overview",
  "alerts",
  "gpus",
  "functions",
  "capabilities",
  "endpoints",
  "credentials",
  "events",
  "edit",
] as const;
export type Tab = (typeof TABS)[number];

export interface ClusterSearch {
  tab?: Tab | undefined;
  /** On its overview: what differs in its health from before. */
  explain?: true | undefined;
}

export function readClusterSearch(raw: Raw): ClusterSearch {
  return { tab: oneOf(raw["tab"], TABS), explain: flag(raw["explain"]) || undefined };
}
