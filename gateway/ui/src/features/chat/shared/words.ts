/** Tools, and what comes of them, in words. */

import type { Cut, ToolAnswer } from "@/features/chat/shared/types";
import type { ToolCallView, TurnEnd } from "@/generated/api.schemas";
import { count, plural, words } from "@/lib/format";

const TOOLS: Readonly<Record<string, string>> = {
  list_clusters: "Clusters",
  get_cluster_status: "One cluster's health",
  get_fleet_summary: "The fleet in figures",
  query_metrics: "Metrics",
  get_metric_labels: "Labels of metrics",
  search_traces: "Traces",
  get_trace: "One trace",
  query_logs: "Logs",
  list_alerts: "Alerts",
  get_gpu_nodes: "Nodes with GPUs",
  get_gpu_processes: "Processes on GPUs",
  get_gpu_summary: "GPUs in figures",
  get_cnf_workloads: "Network functions",
  get_ptp_status: "PTP clocks",
  get_dpdk_stats: "DPDK ports",
  get_sriov_status: "SR-IOV",
  detect_anomalies: "Search for anomalies",
  analyze_root_cause: "Root cause analysis",
  list_incidents: "Incidents",
  get_event_history: "The event log",
  get_state_as_of: "The fleet at a past time",
};

/** What a tool tells. */
export const toolTitle = (tool: string): string => TOOLS[tool] ?? words(tool);

/** How long something took: `340 ms`, `2.4 s`. */
export function took(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** What was left out of an answer: `20 of 140 entries of items`. */
export function cutInWords({ path, shown, of, unit }: Cut): string {
  const place = path.replaceAll("[]", "").replaceAll(".", " › ");
  if (shown === 0) return `${place} was left out`;
  return `${count(shown)} of ${plural(of, unit === "entries" ? "entry" : unit.slice(0, -1), unit)} of ${place}`;
}

export function isAnswer(result: unknown): result is ToolAnswer {
  return typeof result === "object" && result !== null && "tool" in result && "data" in result;
}

/** How it ended, where that needs to be said. */
export const ENDS: Readonly<Partial<Record<TurnEnd, string>>> = {
  ROUNDS: "It had called as many tools as it may, and answered from what they told.",
  TIME: "Its time was over: this is what it had found.",
  FAILED: "Something went wrong in the hub. Ask again.",
};

/** The arguments that say the most, in one line. */
export function inShort(call: Pick<ToolCallView, "arguments">): string {
  const { query, traceql, ...rest } = call.arguments;
  const first = query ?? traceql;
  if (typeof first === "string") return first;
  return Object.entries(rest)
    .filter(([name, value]) => name !== "cluster_ids" && value !== null && value !== "" && typeof value !== "object")
    .map(([name, value]) => `${name.replace(/_(?:id|name)$/, "")} ${shortened(String(value))}`)
    .join(", ");
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export const shortened = (value: string): string => (UUID.test(value) ? value.slice(0, 8) : value);
