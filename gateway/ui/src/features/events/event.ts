/** An event as the log and the live stream give it, and the entity that it is about. */

import type { EventName, EventRecord } from "@/generated/api.schemas";

export type Payload = Readonly<Record<string, unknown>>;

/** `sequence` is null for telemetry; `payload` is null once it has aged out of the log. */
export interface LogEvent extends Omit<EventRecord, "payload"> {
  readonly payload: Payload | null;
}

export interface Entity {
  type: string;
  id: string;
}

const LONGEST_ID = 128;

type Find = (payload: Payload, cluster: string | null) => string | undefined;

const alert: Find = ({ alert }) => field(alert, "fingerprint");
const incident: Find = ({ incident }) => field(incident, "id");
const chat: Find = (payload) => field(payload, "session_id");
const persona: Find = ({ persona }) => field(persona, "id");
const report: Find = (payload) => field(payload, "report_id");
const schedule: Find = (payload) => field(payload, "schedule_id");
const replay: Find = (payload) => field(payload, "replay_id");
const rule: Find = ({ rule }) => field(rule, "id");
const cluster: Find = (_, cluster) => cluster ?? undefined;
const sequence: Find = ({ sequence }) => (typeof sequence === "number" ? String(sequence) : undefined);
const ENTITIES: Readonly<Record<EventName, readonly [string, Find]>> = {
  ACCESS_BINDINGS_CHANGED: ["access", () => "bindings"],
  ACCESS_DENIED: ["access", (payload) => named(field(payload, "user"))],
  ANOMALY_DETECTED: ["anomaly", (payload) => field(payload["anomaly"], "id")],
  ANOMALY_ENDED: ["anomaly", (payload) => field(payload["anomaly"], "id")],
  ANOMALY_FEEDBACK_GIVEN: ["anomaly_feedback", (payload) => field(payload, "anomaly_id")],
  ALERT_FIRED: ["alert", alert],
  ALERT_RESOLVED: ["alert", alert],
  ALERT_SILENCED: ["alert_muting", alert],
  ALERT_UNSILENCED: ["alert_muting", alert],
  ALERT_PENDING: ["pending_alert", alert],
  ALERT_PENDING_ENDED: ["pending_alert", alert],
  BACKEND_CIRCUIT_CLOSED: ["backend_circuit", (payload, at) => joined(at, field(payload, "backend"))],
  BACKEND_CIRCUIT_OPENED: ["backend_circuit", (payload, at) => joined(at, field(payload, "backend"))],
  CLUSTER_CAPABILITIES_CHANGED: ["cluster_capabilities", cluster],
  CLUSTER_CREDENTIALS_DELETED: ["cluster_credentials", cluster],
  CLUSTER_CREDENTIALS_EXPIRING: ["cluster_credentials", cluster],
  CLUSTER_CREDENTIALS_UPDATED: ["cluster_credentials", cluster],
  CLUSTER_STATUS_CHANGED: ["cluster_health", cluster],
  CLUSTER_HEALTH_CHECKED: ["cluster_health", cluster],
  CLUSTER_REGISTERED: ["cluster", cluster],
  CLUSTER_UPDATED: ["cluster", cluster],
  CLUSTER_DELETED: ["cluster", cluster],
  CLUSTER_NAME_FREED: ["cluster_name", (payload) => field(payload, "name")],
  CLUSTER_NAME_TAKEN: ["cluster_name", (payload) => field(payload, "name")],
  CORRELATION_RULE_DEFINED: ["correlation_rule", rule],
  CORRELATION_RULE_REMOVED: ["correlation_rule", rule],
  DEAD_LETTER_DROPPED: ["dead_letter", sequence],
  DEAD_LETTER_RETRIED: ["dead_letter", sequence],
  EDGE_LINK_LOST: ["edge_link", (payload) => field(payload, "site")],
  EDGE_LINK_RESTORED: ["edge_link", (payload) => field(payload, "site")],
  GPU_DISAPPEARED: ["gpu", (payload) => field(payload, "gpu_uuid")],
  GPU_REAPPEARED: ["gpu", (payload) => field(payload, "gpu_uuid")],
  GPU_THRESHOLD_CROSSED: ["gpu", (payload) => field(payload, "gpu_uuid")],
  GPU_XID_ERROR: ["gpu", (payload) => field(payload, "gpu_uuid")],
  GPU_UPDATE: ["gpu_node", (payload) => field(payload, "node_name")],
  INCIDENT_OPENED: ["incident", incident],
  INCIDENT_UPDATED: ["incident", incident],
  INCIDENT_ACKNOWLEDGED: ["incident", incident],
  INCIDENT_RESOLVED: ["incident", incident],
  INCIDENT_REOPENED: ["incident", incident],
  INCIDENT_MERGED: ["incident", incident],
  INCIDENT_SPLIT: ["incident", incident],
  CNF_STATUS_CHANGED: ["cnf", (payload) => slashed(field(payload, "area"), field(payload, "name"))],
  CNF_UPDATE: ["cnf_cluster", cluster],
  LOGGED_IN: ["session", (payload) => field(payload, "session_id")],
  LOGGED_OUT: ["session", (payload) => field(payload, "session_id")],
  LOGINS_FAILED: ["logins", (payload) => named(field(payload, "address"))],
  CHAT_MESSAGE: ["chat", chat],
  CHAT_SESSION_CREATED: ["chat", chat],
  CHAT_SESSION_DELETED: ["chat", chat],
  MODEL_CALLED: ["chat", chat],
  TOOL_ANSWERED: ["chat", chat],
  TOOL_CALLED: ["chat", chat],
  TURN_CANCELLED: ["chat", chat],
  PERSONA_CREATED: ["persona", persona],
  PERSONA_DELETED: ["persona", persona],
  PERSONA_UPDATED: ["persona", persona],
  PROJECTION_REBUILD_STARTED: ["projection", (payload) => field(payload, "name")],
  RCA_COMPLETE: ["rca", (payload) => field(payload["result"], "id")],
  REPLAY_COMPLETED: ["replay", replay],
  REPLAY_FAILED: ["replay", replay],
  REPLAY_STARTED: ["replay", replay],
  REPORT_DELETED: ["report", report],
  REPORT_FAILED: ["report", report],
  REPORT_GENERATED: ["report", report],
  REPORT_PROGRESS: ["report", report],
  REPORT_REQUESTED: ["report", report],
  REPORT_SCHEDULED: ["report_schedule", schedule],
  REPORT_STARTED: ["report", report],
  REPORT_UNSCHEDULED: ["report_schedule", schedule],
  TOKEN_CREATED: ["token", (payload) => field(payload, "token_id")],
  TOKEN_REVOKED: ["token", (payload) => field(payload, "token_id")],
  METRIC_UPDATE: ["watch", (payload) => field(payload, "watch_id")],
  WATCH_DEFINED: ["watch", (payload) => field(payload["watch"], "id")],
  WATCH_REMOVED: ["watch", (payload) => field(payload["watch"], "id")],
  TRACE_RECEIVED: ["trace", (payload, at) => joined(at, field(payload, "trace_id"))],
};

/** Those whose ids say nothing to people, or say it in escapes. */
const NAMED: ReadonlySet<string> = new Set(["access", "logins", "session", "token"]);

export const ENTITY_TYPES = [...new Set(Object.values(ENTITIES).map(([type]) => type))].toSorted();

/** The entity as the log names it; undefined where payload or type are not known. */
export function entityOf({ event_type, payload, cluster_id }: LogEvent): Entity | undefined {
  const [type, find] = ENTITIES[event_type as EventName] ?? [];
  const id = type === undefined || payload === null ? undefined : find?.(payload, cluster_id);
  return type === undefined || id === undefined ? undefined : { type, id };
}

/** What people call the entity: an alert's name, not its fingerprint. */
export function entityName(event: LogEvent): string | undefined {
  const { payload, cluster_name, cluster_id } = event;
  const entity = entityOf(event);
  if (entity === undefined || payload === null) return undefined;
  const named =
    field(payload["alert"], "alertname") ??
    field(payload["incident"], "title") ??
    field(payload["anomaly"] ?? payload, "metric_name") ??
    field(payload, "backend") ??
    (NAMED.has(entity.type) ? (field(payload, "name") ?? field(payload, "user") ?? field(payload, "address")) : undefined) ??
    field(payload, "trace_id")?.slice(0, 8);
  if (named !== undefined) return named;
  return entity.id === cluster_id ? (field(payload["cluster"], "name") ?? cluster_name ?? undefined) : entity.id;
}

function field(of: unknown, name: string): string | undefined {
  const value: unknown = typeof of === "object" && of !== null ? (of as Payload)[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

const slashed = (area: string | undefined, name: string | undefined) =>
  area === undefined || name === undefined ? undefined : `${area}/${name}`;

const joined = (cluster: string | null, part: string | undefined) =>
  cluster === null || part === undefined ? undefined : `${cluster}_${part}`;

/** A name as the log writes it in an id: other bytes as `=2E`; undefined for one that it keeps only as a hash. */
function named(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const bytes = [...new TextEncoder().encode(name)].map((byte) => {
    const letter = String.fromCodePoint(byte);
    return /[\w-]/.test(letter) ? letter : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  const id = bytes.join("");
  return id.length > LONGEST_ID ? undefined : id;
}
