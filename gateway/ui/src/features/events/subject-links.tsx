import type { CnfStatusChanged, GpuXidError } from "@/generated/api.schemas";
import { gpuPlace, isGpuFact } from "@/lib/gpus";
import { functionPlace } from "@/lib/network-functions";
import { PageLink, type Place } from "@/lib/place";

import type { LogEvent } from "@/features/events/event";

/** To what the event is about, where it has a page. */
export function SubjectLinks({ event }: { event: LogEvent }) {
  const { payload, cluster_id } = event;
  const alert = (payload?.["alert"] as { id?: unknown } | undefined)?.id;
  const trace = payload?.["trace_id"];
  return (
    <>
      {typeof alert === "string" ? (
        <PageLink to="/alerts" search={{ alert }}>
          Open the alert
        </PageLink>
      ) : null}
      {typeof trace === "string" ? (
        <PageLink
          to="/observability/traces"
          search={{ trace, clusters: cluster_id === null ? undefined : [cluster_id] }}
        >
          Open the trace
        </PageLink>
      ) : null}
      <HardwareLink event={event} />
      {cluster_id !== null && event.event_type !== "CLUSTER_DELETED" ? (
        <PageLink to={`/clusters/${cluster_id}`}>Open the cluster</PageLink>
      ) : null}
    </>
  );
}

function HardwareLink({ event }: { event: LogEvent }) {
  const found = hardwareOf(event);
  if (found === undefined) return null;
  const [said, { to, search = {} }] = found;
  return (
    <PageLink to={to} search={search}>
      {said}
    </PageLink>
  );
}

function hardwareOf({ event_type, cluster_id, payload }: LogEvent): [string, Place] | undefined {
  if (cluster_id === null || payload === null) return undefined;
  const { node_name, gpu_index } = payload as unknown as Pick<GpuXidError, "node_name" | "gpu_index">;
  if (isGpuFact(event_type)) return ["Open the GPU", gpuPlace(cluster_id, node_name, gpu_index)];
  if (event_type === "GPU_UPDATE") return ["Open the node", gpuPlace(cluster_id, node_name)];
  if (event_type === "CNF_UPDATE") return ["Open its network functions", { to: "/cnf", search: { cluster_id: [cluster_id] } }];
  if (event_type !== "CNF_STATUS_CHANGED") return undefined;
  const { area, name } = payload as unknown as Pick<CnfStatusChanged, "area" | "name">;
  return ["Open the network function", functionPlace(cluster_id, area, name)];
}
