import type { Example } from "@/features/observability/examples";

/** Questions for any fleet, with the metrics that the usual monitoring of Kubernetes has. */
export const EXAMPLES: readonly Example[] = [
  { title: "Targets that do not answer Prometheus", query: "up == 0" },
  { title: "Targets that answer, by job", query: "sum by (job) (up)" },
  { title: "CPU in use, in cores", query: 'sum(rate(container_cpu_usage_seconds_total{container!=""}[5m]))' },
  { title: "Memory in use, by namespace", query: "sum by (namespace) (container_memory_working_set_bytes)" },
  {
    title: "Pods that are not ready, by namespace",
    query: 'sum by (namespace) (kube_pod_status_ready{condition="false"})',
  },
  { title: "Load of the nodes", query: "node_load1" },
  {
    title: "Restarts of containers in the last hour",
    query: "sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total[1h])) > 0",
  },
  { title: "Disk space that is left on nodes", query: 'node_filesystem_avail_bytes{fstype!~"tmpfs|overlay"}' },
];
