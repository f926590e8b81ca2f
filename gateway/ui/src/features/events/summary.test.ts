import { expect, test } from "vitest";

import {
  EventName,
  type Alert,
  type Anomaly,
  type Cluster,
  type Credentials,
  type Incident,
  type Watch,
} from "@/generated/api.schemas";

import { entityOf } from "@/features/events/event";
import { GROUPS } from "@/features/events/names";
import { MEASURED } from "@/lib/live";
import type { Payloads } from "@/features/events/payloads";
import { summary } from "@/features/events/summary";
import { CHAT_TOLD } from "@/features/events/testing-chat";
import { analysis, made, persona, report, rerun, rerunResult, schedule } from "@/features/events/testing";

const CLUSTER_ID = "0f45f335-880f-5d63-a813-4e4af646b9fe";
const alert: Alert = {
  id: "25ce5c81-7410-5468-aa85-fc4e06b2215e",
  fingerprint: "ddefa4f83ef66a28",
  cluster_id: CLUSTER_ID,
  alertname: "NodeHighLoad",
  severity: "WARNING",
  state: "FIRING",
  labels: { node: "master-0" },
  annotations: {},
  starts_at: "2026-01-31T12:00:00Z",
  first_seen_at: "2026-01-31T12:00:00Z",
};
const cluster: Cluster = {
  id: CLUSTER_ID,
  name: "hub-1",
  api_server_url: "https://api.hub-1",
  cluster_type: "HUB",
  environment: "PRODUCTION",
  created_at: "2026-01-31T12:00:00Z",
  updated_at: "2026-01-31T12:00:00Z",
};
const credentials: Credentials = {
  auth_type: "SERVICE_ACCOUNT",
  fingerprint: "ab",
  backends: [],
  origins: {},
  created_at: "2026-01-31T12:00:00Z",
  renewal: "BY_HAND",
  validated_at: "2026-01-31T12:00:00Z",
  validation: [{ name: "LOKI", valid: false }],
};
const of = { cluster_id: CLUSTER_ID };
const INCIDENT_ID = "7c1b7b35-4f54-5f3c-9c1b-7b354f544f3c";
const incident: Incident = {
  id: INCIDENT_ID,
  title: "NodeDown on w-3",
  state: "OPEN",
  severity: "CRITICAL",
  cluster_ids: [CLUSTER_ID],
  signals: 3,
  lasting: 1,
  opened_at: "2026-01-31T12:00:00Z",
  last_signal_at: "2026-01-31T12:00:00Z",
};
const anomaly: Anomaly = {
  ...of,
  id: INCIDENT_ID,
  metric_name: "cart_seconds",
  labels: { namespace: "shop" },
  detection_type: "STATISTICAL",
  severity: "HIGH",
  confidence_score: 0.9,
  anomaly_type: "SPIKE",
  expected_value: 0.2,
  actual_value: 1.4,
  deviation_percent: 600,
  explanation: "1.4, usual 0.1 to 0.3",
  detected_at: "2026-01-31T12:00:00Z",
};
const watch: Watch = { id: "cart", title: "Cart", query: "up" };
const gpu = { node_name: "gpu-1", gpu_uuid: "GPU-0a1b", gpu_index: 3 };

const minute = { first_at: "2026-01-31T11:59:00Z", last_at: "2026-01-31T12:00:00Z" };
const session = { session_id: "9c1b7b35-4f54-4f3c-9c1b-7b354f544f3c", user: "ann", method: "code" } as const;
const token = { token_id: "5e0b7b35-4f54-4f3c-9c1b-7b354f544f3c", name: "grafana", role: "viewer" } as const;

/** One of each type, what is told of it, and its entity. */
const TOLD: { [Name in EventName]: [Payloads[Name], told: string, entity: string] } = {
  ACCESS_BINDINGS_CHANGED: [
    { bindings: [{ group: "noc", role: "operator" }], reason: "file" },
    "1 group has a role, the file was changed",
    "access",
  ],
  ACCESS_DENIED: [
    { user: "ann", role: "viewer", method: "POST", path: "/api/v1/tokens", times: 3, ...minute },
    "ann (viewer) may not POST /api/v1/tokens, 3 times",
    "access",
  ],
  ALERT_FIRED: [{ alert, renewed: true }, "Still firing: NodeHighLoad on master-0", "alert"],
  ALERT_PENDING: [
    { alert: { ...alert, annotations: { summary: "Much load." } } },
    "NodeHighLoad: Much load.",
    "pending_alert",
  ],
  ALERT_PENDING_ENDED: [{ alert }, "No longer pending: NodeHighLoad on master-0", "pending_alert"],
  ALERT_RESOLVED: [
    { alert, duration_seconds: 628.4, ending: "GONE" },
    "NodeHighLoad on master-0 after 10 min 28 s, gone from Alertmanager",
    "alert",
  ],
  ALERT_SILENCED: [
    { alert, silenced_by: ["a"], inhibited_by: ["b", "c"] },
    "NodeHighLoad on master-0, by 1 silence and by 2 other alerts",
    "alert_muting",
  ],
  ALERT_UNSILENCED: [{ alert }, "NodeHighLoad on master-0 notifies again", "alert_muting"],
  ANOMALY_DETECTED: [{ anomaly }, "cart_seconds in shop: 1.4, usual 0.1 to 0.3", "anomaly"],
  ANOMALY_ENDED: [{ anomaly, duration_seconds: 300 }, "cart_seconds in shop after 5 min", "anomaly"],
  ANOMALY_FEEDBACK_GIVEN: [
    { ...of, anomaly_id: INCIDENT_ID, metric_name: "cart_seconds", labels: {}, verdict: "NOISE", comment: "a backup" },
    "cart_seconds: noise (a backup)",
    "anomaly_feedback",
  ],
  BACKEND_CIRCUIT_CLOSED: [{ ...of, backend: "LOKI", reason: "" }, "Loki answers again", "backend_circuit"],
  BACKEND_CIRCUIT_OPENED: [
    { ...of, backend: "TEMPO", reason: "5 time-outs" },
    "Tempo not asked for a while: 5 time-outs",
    "backend_circuit",
  ],
  CLUSTER_CAPABILITIES_CHANGED: [
    {
      ...of,
      platform_version: "4.16.0",
      capabilities: {
        cnf_types: [],
        evidence: {},
        gpu_count: 8,
        gpu_types: ["H100"],
        has_alertmanager: false,
        has_cnf_workloads: false,
        has_gpu_nodes: true,
        has_loki: true,
        has_prometheus: true,
        has_service_mesh: false,
        has_tempo: false,
        has_thanos: false,
        node_count: 1,
      },
    },
    "version 4.16.0, 1 node, 8 GPUs, Prometheus, Loki",
    "cluster_capabilities",
  ],
  CLUSTER_CREDENTIALS_DELETED: [
    of,
    "Credentials destroyed; the cluster cannot be asked any more",
    "cluster_credentials",
  ],
  CLUSTER_CREDENTIALS_EXPIRING: [
    { ...of, credentials, expires_at: "2026-02-02T12:00:00Z", reason: "no refresh token" },
    "End in 2 d: no refresh token",
    "cluster_credentials",
  ],
  CLUSTER_CREDENTIALS_UPDATED: [
    { ...of, credentials },
    "Service account, refused by Loki",
    "cluster_credentials",
  ],
  CLUSTER_DELETED: [{ ...of, name: "hub-1" }, "hub-1 left the fleet", "cluster"],
  CLUSTER_HEALTH_CHECKED: [
    {
      ...of,
      answered: true,
      checked_at: "2026-01-31T12:00:00Z",
      checks: [{ name: "PROMETHEUS", healthy: false, latency_ms: 3 }],
      health_score: 70,
      state: "DEGRADED",
    },
    "Degraded, score 70; fails: Prometheus",
    "cluster_health",
  ],
  CLUSTER_NAME_FREED: [{ ...of, name: "hub-1" }, "hub-1 may be used again", "cluster_name"],
  CLUSTER_NAME_TAKEN: [{ ...of, name: "hub-1" }, "hub-1 is in use", "cluster_name"],
  CLUSTER_REGISTERED: [{ cluster }, "hub-1, hub, production", "cluster"],
  CLUSTER_STATUS_CHANGED: [
    {
      ...of,
      old_state: "ONLINE",
      new_state: "OFFLINE",
      health_score: 0,
      reason: "no answer",
      recent: [],
      status: { state: "OFFLINE" },
    },
    "Online → Offline, score 0: no answer",
    "cluster_health",
  ],
  CLUSTER_UPDATED: [{ cluster, changed_fields: ["display_name", "labels"] }, "hub-1: display name, labels", "cluster"],
  CORRELATION_RULE_DEFINED: [
    { rule: { id: "one-rack", effect: "TOGETHER", equal: ["cluster", "node"], names: ["KubeNode*"] } },
    "one-rack: one incident for the same cluster and node of KubeNode*",
    "correlation_rule",
  ],
  CORRELATION_RULE_REMOVED: [
    { rule: { id: "one-rack", effect: "IGNORED" } },
    "one-rack counts no more",
    "correlation_rule",
  ],
  DEAD_LETTER_DROPPED: [{ sequence: 7 }, "Dead letter 7 given up, its body is gone", "dead_letter"],
  DEAD_LETTER_RETRIED: [{ sequence: 7 }, "Dead letter 7 published again", "dead_letter"],
  EDGE_LINK_LOST: [
    { site: "north", since: "2026-01-31T11:59:00Z" },
    "north not heard of for 1 min",
    "edge_link",
  ],
  EDGE_LINK_RESTORED: [
    { site: "north", lost_at: "2026-01-31T11:00:00Z", waiting: 3 },
    "north back after 1 h, 3 events to take over",
    "edge_link",
  ],
  CNF_STATUS_CHANGED: [
    {
      ...of,
      area: "PTP",
      name: "worker-1/ens1f0",
      node_name: "worker-1",
      old_state: "LOCKED",
      new_state: "HOLDOVER",
      reason: "the clock has lost its master",
      value: 148,
    },
    "Clock worker-1/ens1f0: locked → holdover; the clock has lost its master",
    "cnf",
  ],
  CNF_UPDATE: [
    { ...of, sampled_at: "2026-01-31T12:00:00Z", interval_seconds: 60, workloads: [], ptp: [{ node_name: "w", interface: "ens1f0" }], sriov: null },
    "0 workloads, 1 clock",
    "cnf_cluster",
  ],
  GPU_DISAPPEARED: [
    { ...of, ...gpu, last_seen_at: "2026-01-31T11:59:30Z", standing: { present: false } },
    "GPU 3 of gpu-1 is gone, last seen 30 s before",
    "gpu",
  ],
  GPU_REAPPEARED: [
    { ...of, ...gpu, lost_at: "2026-01-31T11:00:00Z", standing: {} },
    "GPU 3 of gpu-1 is back after 1 h",
    "gpu",
  ],
  GPU_THRESHOLD_CROSSED: [
    { ...of, ...gpu, metric: "TEMPERATURE", crossing: "RAISED", value: 91.04, threshold: 85, standing: {} },
    "GPU 3 of gpu-1: temperature 91 °C (threshold 85 °C)",
    "gpu",
  ],
  GPU_UPDATE: [
    {
      ...of,
      node_name: "gpu-1",
      source: "DCGM",
      source_reason: "",
      sampled_at: "2026-01-31T12:00:00Z",
      interval_seconds: 15,
      gpus: [{ uuid: "a" }, { uuid: "b" }],
    },
    "gpu-1: 2 GPUs",
    "gpu_node",
  ],
  GPU_XID_ERROR: [
    { ...of, ...gpu, xid: 79, description: "GPU has fallen off the bus", standing: { xid: 79 } },
    "XID 79 on GPU 3 of gpu-1: GPU has fallen off the bus",
    "gpu",
  ],
  INCIDENT_OPENED: [{ incident, reason: "new", added: [] }, "NodeDown on w-3: new", "incident"],
  INCIDENT_UPDATED: [
    { incident, reason: "more", ended: [INCIDENT_ID, CLUSTER_ID], resumed: [INCIDENT_ID] },
    "NodeDown on w-3: 2 ended, 1 back",
    "incident",
  ],
  INCIDENT_ACKNOWLEDGED: [
    { incident: { ...incident, acknowledged_by: "ann" }, reason: "I look at it" },
    "NodeDown on w-3, taken up by ann: I look at it",
    "incident",
  ],
  INCIDENT_RESOLVED: [
    { incident: { ...incident, resolved_by: null }, reason: "all has ended" },
    "NodeDown on w-3: all has ended",
    "incident",
  ],
  INCIDENT_REOPENED: [{ incident, reason: "it is back" }, "NodeDown on w-3: it is back", "incident"],
  INCIDENT_MERGED: [
    { incident: { ...incident, merged_into: CLUSTER_ID }, reason: "same node", other_id: CLUSTER_ID },
    "NodeDown on w-3 went into another one: same node",
    "incident",
  ],
  INCIDENT_SPLIT: [
    { incident, reason: "two racks", other_id: CLUSTER_ID, moved: [INCIDENT_ID], from_other: true },
    "NodeDown on w-3: 1 signal came from another one; two racks",
    "incident",
  ],
  LOGGED_IN: [{ ...session, address: "10.0.0.7" }, "ann by one-time code from 10.0.0.7", "session"],
  LOGGED_OUT: [{ ...session, reason: "everywhere" }, "ann, everywhere", "session"],
  LOGINS_FAILED: [
    { address: "10.0.0.7", times: 1, ...minute },
    "From 10.0.0.7: no such token, session or code",
    "logins",
  ],
  METRIC_UPDATE: [
    {
      ...of,
      watch_id: "cart",
      watch_version: 1,
      metric: "up",
      sampled_at: "2026-01-31T12:00:00Z",
      interval_seconds: 60,
      series: [
        { labels: { pod: "a" }, value: 1 },
        { labels: { pod: "b" }, value: 9, threshold_breached: "ABOVE" },
      ],
    },
    "up: 2 series, 1 out of bounds",
    "watch",
  ],
  ...CHAT_TOLD,
  PERSONA_CREATED: [persona, "Night shift, 1 tool", "persona"],
  PERSONA_DELETED: [persona, "Night shift is there no more", "persona"],
  PERSONA_UPDATED: [persona, "Night shift, 1 tool", "persona"],
  PROJECTION_REBUILD_STARTED: [{ name: "fleet" }, "fleet is built anew from the log", "projection"],
  RCA_COMPLETE: [{ result: analysis }, "node w-3 (node, 91 %)", "rca"],
  REPLAY_COMPLETED: [{ ...rerun, result: rerunResult }, "Correlation run again: all 4 as they were", "replay"],
  REPLAY_FAILED: [{ ...rerun, code: "CANCELLED", reason: "cancelled" }, "Correlation run again: cancelled", "replay"],
  REPLAY_STARTED: [rerun, "Correlation run again", "replay"],
  REPORT_DELETED: [{ ...report, reason: "EXPIRED" }, "The week: its time is over", "report"],
  REPORT_FAILED: [{ ...report, code: "LIMIT_REACHED", reason: "the store is full" }, "The week: the store is full", "report"],
  REPORT_GENERATED: [{ ...report, size_bytes: 9, sha256: "0".repeat(64) }, "The week can be read", "report"],
  REPORT_PROGRESS: [
    { report_id: INCIDENT_ID, status: "RUNNING", step: "reading alerts", done: 3, of: 8 },
    "reading alerts (3 of 8)",
    "report",
  ],
  REPORT_REQUESTED: [{ ...report, acting: null }, "The week, as PDF", "report"],
  REPORT_SCHEDULED: [{ ...schedule, acting: null }, "Every Monday: Every Monday at 07:00 UTC", "report_schedule"],
  REPORT_STARTED: [report, "The week is being made", "report"],
  REPORT_UNSCHEDULED: [{ ...schedule, reason: "DELETED" }, "Every Monday is made no more", "report_schedule"],
  TOKEN_CREATED: [
    { ...token, clusters: [CLUSTER_ID], expires_at: "2026-03-02T12:00:00Z" },
    "grafana (viewer), 1 cluster, ends in 30 d",
    "token",
  ],
  TOKEN_REVOKED: [token, "grafana (viewer) can be used no more", "token"],
  TRACE_RECEIVED: [
    {
      ...of,
      trace_id: "6bfdff367bcc2ec9d068f7bae851d153",
      root_service: "gateway",
      root_operation: "GET /cart",
      started_at: "2026-01-31T12:00:00Z",
      duration_ms: 57,
      error_count: 4,
      similar: 2,
    },
    "gateway GET /cart, 57 ms, 4 errors, 2 more alike",
    "trace",
  ],
  WATCH_DEFINED: [{ watch: { ...watch, cluster_ids: [CLUSTER_ID] } }, "Cart, 1 cluster: up", "watch"],
  WATCH_REMOVED: [{ watch }, "Cart is not watched any more", "watch"],
};

test.each(Object.values(EventName))("%s is told in one line, of its entity", (name) => {
  const [payload, told, entity] = TOLD[name];
  const event = made(name, payload);
  expect(summary(event)).toBe(told);
  expect(entityOf(event)?.type).toBe(entity);
  expect(entityOf(event)?.id).toBeTruthy();
});

test("every type that the log keeps can be chosen, once", () => {
  const kept = Object.values(EventName).filter((name) => !MEASURED.has(name));
  expect(GROUPS.flatMap(([, names]) => names).toSorted()).toEqual(kept.toSorted());
});
