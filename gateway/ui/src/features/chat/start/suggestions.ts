/** What a persona can be asked: of what goes on first. Pure. */

import type { PersonaView } from "@/generated/api.schemas";

export interface Happening {
  id: string;
  title: string;
}

export interface Suggestion {
  /** What it is called. */
  says: string;
  ask: string;
}

const MOST = 4;

/** Each for those who have all of its tools; the more special ones first. */
const OFFERED: readonly (readonly [tools: readonly string[], ask: string])[] = [
  [["get_ptp_status"], "Which PTP clocks are out of their bounds, and by how much?"],
  [["get_sriov_status"], "Where do SR-IOV virtual functions run out?"],
  [["get_dpdk_stats"], "Which DPDK ports drop packets?"],
  [["get_cnf_workloads"], "Which network functions restart or are not ready?"],
  [["get_gpu_summary"], "How busy are our GPUs, and which stand idle?"],
  [["get_gpu_processes"], "Which pods hold GPU memory?"],
  [["get_gpu_nodes", "get_gpu_summary"], "Which GPUs run hot?"],
  [["get_cluster_status"], "Which clusters are not well, and why?"],
  [["list_incidents"], "What is wrong right now, and what first?"],
  [["list_alerts"], "Which critical alerts fire, and since when?"],
  [["get_event_history"], "What has changed in the last hour?"],
  [["get_state_as_of"], "How did the fleet look yesterday at this time?"],
  [["query_logs"], "Which errors stand in the logs of the last 30 minutes?"],
  [["search_traces"], "Which requests took longest in the last hour?"],
  [["detect_anomalies"], "Is anything unusual about CPU in the last two hours?"],
  [["query_metrics"], "Which nodes use the most CPU?"],
  [["list_clusters"], "Which clusters are there, and how are they?"],
];

/** `happening`: open incidents, the worst first. */
export function suggestionsFor({ capabilities }: Pick<PersonaView, "capabilities">, happening: readonly Happening[]): Suggestion[] {
  const has = (tool: string) => capabilities.includes(tool);
  // By its id: a title may name what is none of its own.
  const because = ({ id, title }: Happening): Suggestion => ({ says: `Why “${title}”?`, ask: `What is the root cause of incident ${id}?` });
  const causes = has("analyze_root_cause") ? happening.slice(0, 2).map(because) : [];
  const rest = OFFERED.filter(([tools]) => tools.every(has)).map(([, ask]): Suggestion => ({ says: ask, ask }));
  return [...causes, ...rest].slice(0, MOST);
}
