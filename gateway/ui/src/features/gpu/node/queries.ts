/** Where else to look: queries about a node and the pods on it, as parts of addresses. */

import { quoted } from "@/components/neighbourhood/queries";

/** The lines of a pod. */
export const podLogs = (cluster: string, namespace: string, pod: string) => ({
  query: `{namespace=${quoted(namespace)},pod=${quoted(pod)}}`,
  clusters: [cluster],
});

/** What its exporter tells of the node's GPUs: heat, power, load. */
export const nodeMetrics = (cluster: string, node: string) => ({
  query: ["DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_POWER_USAGE"].map(
    (metric) => `${metric}{Hostname=${quoted(node)}}`,
  ),
  clusters: [cluster],
});

export const nodePods = (cluster: string, node: string) => ({
  query: [`kube_pod_info{node=${quoted(node)}}`],
  clusters: [cluster],
  view: "table",
});

export const nodeAlerts = (cluster: string, node: string) => ({ cluster_id: [cluster], label: [`node=${node}`] });

export const GPU_EVENTS = ["GPU_THRESHOLD_CROSSED", "GPU_XID_ERROR", "GPU_DISAPPEARED", "GPU_REAPPEARED"] as const;

export const clusterEvents = (cluster: string) => ({ cluster_id: cluster, event_type: [...GPU_EVENTS] });

export const gpuEvents = (cluster: string, uuid: string) => ({
  cluster_id: cluster,
  entity_type: "gpu",
  entity_id: uuid,
});
