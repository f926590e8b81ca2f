import { clusterEvents, gpuEvents, nodeAlerts, nodeMetrics, nodePods } from "@/features/gpu/node/queries";
import { gpuAt } from "@/features/gpu/history/history-tab";
import type { GpuSearch } from "@/features/gpu/search";
import { gpuName } from "@/features/gpu/values";
import type { GpuNodeDetail } from "@/generated/api.schemas";
import { PageLink, useSearch } from "@/lib/place";

/** One click to metrics, alerts and events of the same node. */
export function Around({ node: { cluster_id, node_name, source, gpus } }: { node: GpuNodeDetail }) {
  const { gpu: number } = useSearch<GpuSearch>();
  const gpu = gpuAt(gpus, number) ?? (gpus.length === 1 ? gpus[0] : undefined);
  return (
    <section className="gpu-part">
      <h3>Look around</h3>
      <div className="gpu-links">
        <PageLink to="/alerts" search={nodeAlerts(cluster_id, node_name)}>
          Alerts of the node
        </PageLink>
        {gpu ? (
          <PageLink to="/events" search={gpuEvents(cluster_id, gpu.uuid)}>
            Events of {gpuName(gpu.index, gpu.uuid)}
          </PageLink>
        ) : (
          <PageLink to="/events" search={clusterEvents(cluster_id)}>
            GPU events of the cluster
          </PageLink>
        )}
        {source === "DCGM" ? (
          <PageLink to="/observability/metrics" search={nodeMetrics(cluster_id, node_name)}>
            DCGM metrics
          </PageLink>
        ) : null}
        <PageLink to="/observability/metrics" search={nodePods(cluster_id, node_name)}>
          Pods on the node
        </PageLink>
      </div>
    </section>
  );
}
