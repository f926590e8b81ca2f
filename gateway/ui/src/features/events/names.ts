/** What types of events are called and how they look: in groups, as people choose among them. */

import {
  BellIcon,
  BellSlashIcon,
  BullseyeIcon,
  ChartLineIcon,
  CheckCircleIcon,
  ClusterIcon,
  CompressArrowsAltIcon,
  ConnectedIcon,
  DisconnectedIcon,
  ExclamationCircleIcon,
  ExclamationTriangleIcon,
  ExpandArrowsAltIcon,
  EyeIcon,
  EyeSlashIcon,
  FireIcon,
  HeartbeatIcon,
  InfoCircleIcon,
  KeyIcon,
  ListIcon,
  LockIcon,
  MicrochipIcon,
  MinusCircleIcon,
  NetworkIcon,
  PendingIcon,
  PlusCircleIcon,
  RedoIcon,
  RouteIcon,
  SignInAltIcon,
  SignOutAltIcon,
  SyncAltIcon,
  TagIcon,
  TrashIcon,
  UserCheckIcon,
  UsersIcon,
} from "@patternfly/react-icons";
import type { ComponentType } from "react";

import type { Tone } from "@/components/badges";
import type { ClusterState, EventName, Severity } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { MEASURED } from "@/lib/live";

import type { LogEvent } from "@/features/events/event";

type Look = readonly [said: string, tone: Tone, icon: ComponentType];

const LOOKS: Readonly<Record<EventName, Look>> = {
  ACCESS_BINDINGS_CHANGED: ["Roles changed", "info", UsersIcon],
  ACCESS_DENIED: ["Access denied", "warning", LockIcon],
  ANOMALY_DETECTED: ["Anomaly detected", "warning", ChartLineIcon],
  ANOMALY_ENDED: ["Anomaly ended", "success", ChartLineIcon],
  ANOMALY_FEEDBACK_GIVEN: ["Anomaly judged", "info", ChartLineIcon],
  ALERT_FIRED: ["Alert fired", "danger", BellIcon],
  ALERT_PENDING: ["Alert pending", "warning", PendingIcon],
  ALERT_PENDING_ENDED: ["Alert pending ended", "neutral", PendingIcon],
  ALERT_RESOLVED: ["Alert resolved", "success", CheckCircleIcon],
  ALERT_SILENCED: ["Alert muted", "neutral", BellSlashIcon],
  ALERT_UNSILENCED: ["Alert unmuted", "info", BellIcon],
  BACKEND_CIRCUIT_OPENED: ["Backend left alone", "warning", DisconnectedIcon],
  BACKEND_CIRCUIT_CLOSED: ["Backend back", "success", ConnectedIcon],
  CLUSTER_STATUS_CHANGED: ["Cluster state changed", "info", HeartbeatIcon],
  CLUSTER_HEALTH_CHECKED: ["Health checked", "neutral", HeartbeatIcon],
  CLUSTER_REGISTERED: ["Cluster added", "info", PlusCircleIcon],
  CLUSTER_UPDATED: ["Cluster edited", "info", ClusterIcon],
  CLUSTER_DELETED: ["Cluster deleted", "warning", MinusCircleIcon],
  CLUSTER_CAPABILITIES_CHANGED: ["Capabilities changed", "info", InfoCircleIcon],
  CLUSTER_NAME_TAKEN: ["Cluster name taken", "neutral", TagIcon],
  CLUSTER_NAME_FREED: ["Cluster name freed", "neutral", TagIcon],
  CLUSTER_CREDENTIALS_UPDATED: ["Credentials updated", "info", KeyIcon],
  CLUSTER_CREDENTIALS_EXPIRING: ["Credentials expiring", "warning", KeyIcon],
  CLUSTER_CREDENTIALS_DELETED: ["Credentials deleted", "warning", KeyIcon],
  EDGE_LINK_LOST: ["Edge link lost", "danger", DisconnectedIcon],
  EDGE_LINK_RESTORED: ["Edge link restored", "success", ConnectedIcon],
  GPU_THRESHOLD_CROSSED: ["GPU threshold crossed", "warning", MicrochipIcon],
  GPU_XID_ERROR: ["GPU error", "danger", MicrochipIcon],
  GPU_DISAPPEARED: ["GPU lost", "danger", MicrochipIcon],
  GPU_REAPPEARED: ["GPU back", "success", MicrochipIcon],
  GPU_UPDATE: ["GPUs sampled", "neutral", MicrochipIcon],
  INCIDENT_OPENED: ["Incident opened", "danger", FireIcon],
  INCIDENT_UPDATED: ["Incident changed", "warning", FireIcon],
  INCIDENT_ACKNOWLEDGED: ["Incident acknowledged", "info", UserCheckIcon],
  INCIDENT_RESOLVED: ["Incident resolved", "success", CheckCircleIcon],
  INCIDENT_REOPENED: ["Incident reopened", "danger", RedoIcon],
  INCIDENT_MERGED: ["Incidents merged", "info", CompressArrowsAltIcon],
  INCIDENT_SPLIT: ["Incident split", "info", ExpandArrowsAltIcon],
  CORRELATION_RULE_DEFINED: ["Correlation rule set", "info", ListIcon],
  CORRELATION_RULE_REMOVED: ["Correlation rule removed", "info", ListIcon],
  CNF_STATUS_CHANGED: ["Network function changed", "info", NetworkIcon],
  CNF_UPDATE: ["Network functions sampled", "neutral", NetworkIcon],
  DEAD_LETTER_RETRIED: ["Dead letter retried", "info", RedoIcon],
  DEAD_LETTER_DROPPED: ["Dead letter dropped", "warning", TrashIcon],
  LOGGED_IN: ["Logged in", "neutral", SignInAltIcon],
  LOGGED_OUT: ["Logged out", "neutral", SignOutAltIcon],
  LOGINS_FAILED: ["Logins failed", "danger", LockIcon],
  METRIC_UPDATE: ["Watch asked", "neutral", EyeIcon],
  CHAT_MESSAGE: ["Said in a chat", "info", UsersIcon],
  CHAT_SESSION_CREATED: ["Chat begun", "info", PlusCircleIcon],
  CHAT_SESSION_DELETED: ["Chat erased", "neutral", TrashIcon],
  MODEL_CALLED: ["Model asked", "info", MicrochipIcon],
  TOOL_ANSWERED: ["Tool has answered", "info", CheckCircleIcon],
  TOOL_CALLED: ["Tool called", "info", PendingIcon],
  TURN_CANCELLED: ["Answer stopped", "neutral", MinusCircleIcon],
  PERSONA_CREATED: ["Persona made", "info", UsersIcon],
  PERSONA_DELETED: ["Persona deleted", "info", UsersIcon],
  PERSONA_UPDATED: ["Persona changed", "info", UsersIcon],
  PROJECTION_REBUILD_STARTED: ["Projection rebuild", "info", SyncAltIcon],
  RCA_COMPLETE: ["Root cause analysed", "info", BullseyeIcon],
  REPLAY_COMPLETED: ["Replay done", "info", RedoIcon],
  REPLAY_FAILED: ["Replay came to nothing", "warning", RedoIcon],
  REPLAY_STARTED: ["Replay started", "info", RedoIcon],
  REPORT_DELETED: ["Report deleted", "info", ListIcon],
  REPORT_FAILED: ["Report failed", "warning", ListIcon],
  REPORT_GENERATED: ["Report ready", "info", ListIcon],
  REPORT_PROGRESS: ["Report under way", "neutral", ListIcon],
  REPORT_REQUESTED: ["Report asked for", "info", ListIcon],
  REPORT_SCHEDULED: ["Report scheduled", "info", ListIcon],
  REPORT_STARTED: ["Report begun", "info", ListIcon],
  REPORT_UNSCHEDULED: ["Report unscheduled", "info", ListIcon],
  TOKEN_CREATED: ["Token created", "info", KeyIcon],
  TOKEN_REVOKED: ["Token revoked", "info", KeyIcon],
  TRACE_RECEIVED: ["Error trace", "warning", RouteIcon],
  WATCH_DEFINED: ["Watch set", "info", EyeIcon],
  WATCH_REMOVED: ["Watch removed", "info", EyeSlashIcon],
};

/** Types as they are chosen; telemetry is not among them, as the log does not keep it. */
export const GROUPS: readonly (readonly [string, readonly EventName[]])[] = [
  ["Alerts", namesOf("ALERT_")],
  ["Incidents", [...namesOf("INCIDENT_"), ...namesOf("RCA_"), ...namesOf("CORRELATION_")]],
  ["Anomalies", [...namesOf("ANOMALY_"), ...namesOf("WATCH_")]],
  ["Clusters", namesOf("CLUSTER_").filter((name) => !name.startsWith("CLUSTER_CREDENTIALS_"))],
  ["Credentials", namesOf("CLUSTER_CREDENTIALS_")],
  ["Backends and edge", [...namesOf("BACKEND_"), ...namesOf("EDGE_")]],
  ["GPUs", namesOf("GPU_")],
  ["Network functions", namesOf("CNF_")],
  ["Traces", namesOf("TRACE_")],
  ["Access", [...namesOf("ACCESS_"), ...namesOf("LOGGED_"), ...namesOf("LOGINS_"), ...namesOf("TOKEN_")]],
  ["Assistant", ["CHAT_", "MODEL_", "TOOL_", "TURN_", "PERSONA_"].flatMap(namesOf)],
  ["Platform", [...namesOf("DEAD_LETTER_"), ...namesOf("PROJECTION_"), ...namesOf("REPLAY_"), ...namesOf("REPORT_")]],
];

function namesOf(prefix: string): EventName[] {
  return (Object.keys(LOOKS) as EventName[]).filter(
    (name) => name.startsWith(prefix) && !MEASURED.has(name),
  );
}

/** `Alert fired`; a type that this UI does not know is told by its name. */
export const saidOf = (name: string): string => LOOKS[name as EventName]?.[0] ?? title(name);

const SEVERITIES: Readonly<Record<Severity, Look[1]>> = { CRITICAL: "danger", WARNING: "warning", INFO: "info" };
/** What colour and shape say is said in words, too. */
const FIRED: Readonly<Record<Severity, string>> = {
  CRITICAL: "Critical alert fired",
  WARNING: "Warning fired",
  INFO: "Info alert fired",
};
const ALERT_ICONS: Readonly<Record<Severity, ComponentType>> = {
  CRITICAL: ExclamationCircleIcon,
  WARNING: ExclamationTriangleIcon,
  INFO: BellIcon,
};
const CNF_STATES: Readonly<Record<string, Look[1]>> = {
  FREERUN: "danger",
  FAILED: "danger",
  HOLDOVER: "warning",
  EXHAUSTED: "warning",
  DROPPING: "warning",
  PENDING: "warning",
  GONE: "neutral",
  LOCKED: "success",
  AVAILABLE: "success",
  OK: "success",
  RUNNING: "success",
};
const STATES: Readonly<Record<ClusterState, Look[1]>> = {
  ONLINE: "success",
  DEGRADED: "warning",
  OFFLINE: "danger",
  UNKNOWN: "neutral",
  PROVISIONING: "info",
};

/** Words, tone and shape of an event: of its type, or where that matters more, of what it says. */
export function lookOf({ event_type, payload }: Pick<LogEvent, "event_type" | "payload">): Look {
  const look = LOOKS[event_type as EventName] ?? [title(event_type), "neutral", InfoCircleIcon];
  if (event_type === "ALERT_FIRED") {
    const severity = (payload?.["alert"] as { severity?: Severity } | undefined)?.severity;
    if (severity && severity in SEVERITIES) return [FIRED[severity], SEVERITIES[severity], ALERT_ICONS[severity]];
  }
  if (event_type === "CLUSTER_STATUS_CHANGED") {
    const tone = STATES[payload?.["new_state"] as ClusterState];
    const said = payload?.["old_state"] === payload?.["new_state"] ? "Cluster health changed" : look[0];
    if (tone) return [said, tone, look[2]];
  }
  if (event_type === "GPU_THRESHOLD_CROSSED" && payload?.["crossing"] === "CLEARED")
    return ["GPU well again", "success", look[2]];
  if (event_type === "CNF_STATUS_CHANGED")
    return [look[0], CNF_STATES[String(payload?.["new_state"])] ?? look[1], look[2]];
  return look;
}
