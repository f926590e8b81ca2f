import { text, type Raw } from "@/lib/search";

export interface ClustersSearch {}
export interface ClusterSearch {
  tab?: string | undefined;
}

export function readClustersSearch(_raw: Raw): ClustersSearch {
  return {};
}

export function readClusterSearch(raw: Raw): ClusterSearch {
  return { tab: text(raw["tab"]) };
}
