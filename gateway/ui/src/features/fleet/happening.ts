/** An event of the log, with the little of its payload that the home tells. */

import type {
  AlertFired,
  BackendCircuitOpened,
  Checked,
  ClusterCredentialsExpiring,
  ClusterDeleted,
  ClusterRegistered,
  ClusterState,
  ClusterStatusChanged,
  ClusterUpdated,
  CnfArea,
  CnfStatusChanged,
  EdgeLinkLost,
  EventName,
  EventRecord,
  GpuMetric,
  GpuThresholdCrossed,
  GpuXidError,
  Severity,
} from "@/generated/api.schemas";
import { gpuTold, isGpuFact, type GpuFact } from "@/lib/gpus";
import { functionTold } from "@/lib/network-functions";

/** The GPU that an event is about, and what it says of it. */
export interface GpuHappening {
  uuid: string;
  index: number | null;
  node: string;
  told: string;
  metric?: GpuMetric;
  /** Its threshold is crossed upwards. */
  raised?: boolean;
  xid?: number;
  description?: string | null;
}

/** What of a network function is in another state. */
export interface FunctionHappening {
  area: CnfArea;
  name: string;
  state: string;
  told: string;
}

export interface Happening {
  id: string;
  type: EventName;
  /** When the log took it in, by which ranges count; milliseconds since 1970. */
  at: number;
  cluster: string | null;
  clusterName: string | null;
  /** The occurrence's id. */
  alert?: string;
  alertname?: string;
  severity?: Severity;
  /** Not a beginning, only a sign of life of what fires already. */
  renewed?: boolean;
  state?: ClusterState;
  reason?: string;
  site?: string;
  backend?: Checked;
  fields?: readonly string[];
  expiresAt?: string;
  gpu?: GpuHappening;
  function?: FunctionHappening;
}

type Told = Pick<EventRecord, "event_id" | "event_type" | "timestamp" | "logged_at" | "cluster_id" | "cluster_name"> & {
  payload: Readonly<Record<string, unknown>> | null;
};

export function happeningOf(event: Told): Happening {
  const type = event.event_type as EventName;
  const said = event.payload === null ? {} : about(type, event.payload);
  return {
    id: event.event_id,
    type,
    at: Date.parse(event.logged_at ?? event.timestamp),
    cluster: event.cluster_id,
    clusterName: event.cluster_name,
    ...said,
  };
}

function about(type: EventName, payload: unknown): Partial<Happening> {
  if (isGpuFact(type)) return { gpu: aboutGpu(payload as GpuFact, gpuTold(type, payload)) };
  switch (type) {
    case "ALERT_FIRED":
    case "ALERT_RESOLVED": {
      const { alert, renewed = false } = payload as AlertFired;
      return { alert: alert.id, alertname: alert.alertname, severity: alert.severity, renewed };
    }
    case "CLUSTER_STATUS_CHANGED": {
      const { new_state: state, reason } = payload as ClusterStatusChanged;
      return { state, reason };
    }
    case "CLUSTER_REGISTERED":
      return { clusterName: (payload as ClusterRegistered).cluster.name };
    case "CLUSTER_UPDATED":
      return { fields: (payload as ClusterUpdated).changed_fields };
    case "CLUSTER_DELETED":
      return { clusterName: (payload as ClusterDeleted).name };
    case "CLUSTER_CREDENTIALS_EXPIRING": {
      const { expires_at: expiresAt, reason } = payload as ClusterCredentialsExpiring;
      return { expiresAt, reason };
    }
    case "EDGE_LINK_LOST":
    case "EDGE_LINK_RESTORED":
      return { site: (payload as EdgeLinkLost).site };
    case "BACKEND_CIRCUIT_OPENED":
    case "BACKEND_CIRCUIT_CLOSED": {
      const { backend, reason } = payload as BackendCircuitOpened;
      return { backend, reason };
    }
    case "CNF_STATUS_CHANGED": {
      const changed = payload as CnfStatusChanged;
      const { area, name, new_state: state, reason } = changed;
      return { function: { area, name, state, told: functionTold(changed) }, reason };
    }
    default:
      return {};
  }
}

function aboutGpu(fact: GpuFact, told: string): GpuHappening {
  const { metric, crossing } = fact as Partial<GpuThresholdCrossed>;
  const { xid, description } = fact as Partial<GpuXidError>;
  return {
    uuid: fact.gpu_uuid,
    index: fact.gpu_index ?? null,
    node: fact.node_name,
    told,
    ...(metric === undefined ? {} : { metric, raised: crossing === "RAISED" }),
    ...(xid === undefined ? {} : { xid, description: description ?? null }),
  };
}
