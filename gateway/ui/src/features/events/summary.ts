/** One line on what an event says, made from its payload; one branch for each type. */

import type {
  Alert,
  Anomaly,
  Capabilities,
  Checked,
  CnfStatusChanged,
  CorrelationRule,
  Ending,
  EventName,
  GpuThresholdCrossed,
  GpuXidError,
  LoginMethod,
  RcaResult,
  ReplayAsked,
  TokenCreated,
  Verdict,
} from "@/generated/api.schemas";
import { cronInWords } from "@/lib/cron";
import { count, placeInWords, plural, title, words } from "@/lib/format";
import { lasting } from "@/lib/time";

import { CHAT_SUMMARIES } from "@/features/events/chat-summary";
import type { LogEvent } from "@/features/events/event";
import type { Payloads } from "@/features/events/payloads";

/** `at`: milliseconds since 1970 of the event itself. */
type Summaries = { readonly [Name in EventName]: (payload: Payloads[Name], at: number) => string };

const SUMMARIES: Summaries = {
  ...CHAT_SUMMARIES,
  ACCESS_BINDINGS_CHANGED: ({ bindings, reason }) =>
    `${plural(bindings.length, "group has a role", "groups have roles")}${reason === "file" ? ", the file was changed" : ", found when the hub started"}`,
  ACCESS_DENIED: ({ user, role, method, path, times }) =>
    `${user} (${role ?? "without a role"}) may not ${method} ${path}${repeated(times)}`,
  ALERT_FIRED: ({ alert, renewed }) => `${renewed ? "Still firing: " : ""}${told(alert)}`,
  ALERT_PENDING: ({ alert }) => told(alert),
  ALERT_PENDING_ENDED: ({ alert }) => `No longer pending: ${told(alert)}`,
  ALERT_RESOLVED: ({ alert, duration_seconds, ending }) =>
    `${named(alert)} after ${lasting(duration_seconds * 1000)}${ending ? ENDINGS[ending] : ""}`,
  ALERT_SILENCED: ({ alert, silenced_by = [], inhibited_by = [] }) =>
    `${named(alert)}, ${muted(silenced_by.length, inhibited_by.length)}`,
  ALERT_UNSILENCED: ({ alert }) => `${named(alert)} notifies again`,
  ANOMALY_DETECTED: ({ anomaly }) => `${measured(anomaly)}: ${anomaly.explanation}`,
  ANOMALY_ENDED: ({ anomaly, duration_seconds }) => `${measured(anomaly)} after ${lasting(duration_seconds * 1000)}`,
  ANOMALY_FEEDBACK_GIVEN: (given) => `${measured(given)}: ${VERDICTS[given.verdict]}${noted(given.comment)}`,
  BACKEND_CIRCUIT_CLOSED: ({ backend }) => `${BACKENDS[backend]} answers again`,
  BACKEND_CIRCUIT_OPENED: ({ backend, reason }) => `${BACKENDS[backend]} not asked for a while: ${reason}`,
  CLUSTER_CAPABILITIES_CHANGED: ({ capabilities, platform_version }) =>
    [platform_version ? `version ${platform_version}` : "", abilities(capabilities)].filter(Boolean).join(", "),
  CLUSTER_CREDENTIALS_DELETED: () => "Credentials destroyed; the cluster cannot be asked any more",
  CLUSTER_CREDENTIALS_EXPIRING: ({ expires_at, reason }, at) => `${expiry(expires_at, at)}: ${reason}`,
  CLUSTER_CREDENTIALS_UPDATED: ({ credentials: { auth_type, validation } }) => {
    const failed = validation.filter(({ valid }) => !valid).map(({ name }) => BACKENDS[name]);
    return `${title(auth_type)}, ${failed.length === 0 ? "good for all endpoints" : `refused by ${failed.join(", ")}`}`;
  },
  CLUSTER_DELETED: ({ name }) => `${name} left the fleet`,
  CLUSTER_HEALTH_CHECKED: ({ state, health_score, checks }) => {
    const failed = checks.filter(({ healthy }) => !healthy).map(({ name }) => BACKENDS[name]);
    return `${title(state)}${score(health_score)}${failed.length > 0 ? `; fails: ${failed.join(", ")}` : ""}`;
  },
  CLUSTER_NAME_FREED: ({ name }) => `${name} may be used again`,
  CLUSTER_NAME_TAKEN: ({ name }) => `${name} is in use`,
  CLUSTER_REGISTERED: ({ cluster: { name, cluster_type, environment } }) =>
    [name, cluster_type && words(cluster_type), environment && words(environment)].filter(Boolean).join(", "),
  CLUSTER_STATUS_CHANGED: ({ old_state, new_state, health_score, reason }) =>
    `${old_state === new_state ? "Still " : `${title(old_state)} → `}${title(new_state)}${score(health_score)}${reason ? `: ${reason}` : ""}`,
  CLUSTER_UPDATED: ({ cluster, changed_fields }) => `${cluster.name}: ${changed_fields.map(words).join(", ")}`,
  CNF_STATUS_CHANGED: ({ area, name, old_state, new_state, reason }) =>
    `${AREAS[area]} ${name}: ${old_state ? `${words(old_state)} → ` : ""}${words(new_state)}${reason ? `; ${reason}` : ""}`,
  CNF_UPDATE: ({ workloads, ptp, sriov, dpdk }) =>
    [
      workloads && plural(workloads.length, "workload"),
      ptp && plural(ptp.length, "clock"),
      sriov && plural(sriov.length, "resource"),
      dpdk && plural(dpdk.length, "DPDK pod"),
    ]
      .filter(Boolean)
      .join(", ") || "nothing is known",
  CORRELATION_RULE_DEFINED: ({ rule }) => `${rule.id}: ${ruled(rule)}`,
  CORRELATION_RULE_REMOVED: ({ rule }) => `${rule.id} counts no more`,
  DEAD_LETTER_DROPPED: ({ sequence }) => `Dead letter ${sequence} given up, its body is gone`,
  DEAD_LETTER_RETRIED: ({ sequence }) => `Dead letter ${sequence} published again`,
  EDGE_LINK_LOST: ({ site, since }, at) => `${site} not heard of for ${lasting(at - Date.parse(since))}`,
  EDGE_LINK_RESTORED: ({ site, lost_at, waiting }, at) =>
    `${site} back after ${lasting(at - Date.parse(lost_at))}, ${plural(waiting, "event")} to take over`,
  GPU_DISAPPEARED: (gpu, at) => `${gpuOf(gpu)} is gone, last seen ${lasting(at - Date.parse(gpu.last_seen_at))} before`,
  GPU_REAPPEARED: (gpu, at) => `${gpuOf(gpu)} is back after ${lasting(at - Date.parse(gpu.lost_at))}`,
  GPU_THRESHOLD_CROSSED: (gpu) => {
    const [named, unit] = MEASURES[gpu.metric];
    const level = `${gpu.crossing === "RAISED" ? "threshold" : "below"} ${rounded(gpu.threshold)} ${unit}`;
    return `${gpuOf(gpu)}: ${named} ${rounded(gpu.value)} ${unit} (${level})`;
  },
  GPU_UPDATE: ({ node_name, gpus, error }) => `${node_name}: ${error ?? plural(gpus.length, "GPU")}`,
  GPU_XID_ERROR: (gpu) => `XID ${gpu.xid} on ${gpuOf(gpu)}${gpu.description ? `: ${gpu.description}` : ""}`,
  INCIDENT_ACKNOWLEDGED: ({ incident: { title, acknowledged_by }, reason }) =>
    `${title}, taken up by ${acknowledged_by ?? "somebody"}: ${reason}`,
  INCIDENT_MERGED: ({ incident: { title, merged_into }, reason }) =>
    `${title}${merged_into ? " went into another one" : " took another one in"}: ${reason}`,
  INCIDENT_OPENED: ({ incident: { title }, reason }) => `${title}: ${reason}`,
  INCIDENT_REOPENED: ({ incident: { title }, reason }) => `${title}: ${reason}`,
  INCIDENT_RESOLVED: ({ incident: { title, resolved_by }, reason }) =>
    `${title}${resolved_by ? `, by ${resolved_by}` : ""}: ${reason}`,
  INCIDENT_SPLIT: ({ incident: { title }, moved, from_other, reason }) =>
    `${title}: ${plural(moved.length, "signal")} ${from_other ? "came from another one" : "went into another one"}; ${reason}`,
  INCIDENT_UPDATED: ({ incident: { title }, added = [], ended = [], resumed = [], reason }) =>
    `${title}: ${[added.length > 0 && `${added.length} more`, ended.length > 0 && `${ended.length} ended`, resumed.length > 0 && `${resumed.length} back`].filter(Boolean).join(", ") || reason}`,
  LOGGED_IN: ({ user, method, address }) => `${user} by ${LOGINS[method]}${address ? ` from ${address}` : ""}`,
  LOGGED_OUT: ({ user, reason }) => `${user}${reason === "everywhere" ? ", everywhere" : ""}`,
  LOGINS_FAILED: ({ address, times }) => `From ${address}: no such token, session or code${repeated(times)}`,
  METRIC_UPDATE: ({ metric, series = [], error }) => {
    const outside = series.filter(({ threshold_breached }) => threshold_breached).length;
    return `${metric}: ${error ?? plural(series.length, "series", "series")}${outside > 0 ? `, ${outside} out of bounds` : ""}`;
  },
  PERSONA_CREATED: ({ persona: { name, capabilities } }) => `${name}, ${plural(capabilities.length, "tool")}`,
  PERSONA_DELETED: ({ persona: { name } }) => `${name} is there no more`,
  PERSONA_UPDATED: ({ persona: { name, capabilities } }) => `${name}, ${plural(capabilities.length, "tool")}`,
  PROJECTION_REBUILD_STARTED: ({ name }) => `${name} is built anew from the log`,
  RCA_COMPLETE: ({ result }) => cause(result),
  REPLAY_COMPLETED: ({ asked, result: { told, again, equal, is_equal } }) =>
    `${rerun(asked)}: ${is_equal ? `all ${told} as they were` : `${told} were, ${again} would have been, ${equal} of them the same`}`,
  REPLAY_FAILED: ({ asked, reason }) => `${rerun(asked)}: ${reason}`,
  REPLAY_STARTED: ({ asked }) => rerun(asked),
  REPORT_DELETED: ({ asked, reason }) => `${asked.title}: ${reason === "EXPIRED" ? "its time is over" : "deleted"}`,
  REPORT_FAILED: ({ asked, reason }) => `${asked.title}: ${reason}`,
  REPORT_GENERATED: ({ asked }) => `${asked.title} can be read`,
  REPORT_PROGRESS: ({ step, done, of }) => `${step} (${done} of ${of})`,
  REPORT_REQUESTED: ({ asked }) => `${asked.title}, as ${asked.format}`,
  REPORT_SCHEDULED: ({ recurring: { title, cron } }) => `${title}: ${cronInWords(cron)}`,
  REPORT_STARTED: ({ asked }) => `${asked.title} is being made`,
  REPORT_UNSCHEDULED: ({ recurring: { title } }) => `${title} is made no more`,
  TOKEN_CREATED: (token, at) => `${token.name} (${token.role}), ${reach(token)}, ${ends(token.expires_at, at)}`,
  TOKEN_REVOKED: ({ name, role }) => `${name} (${role}) can be used no more`,
  TRACE_RECEIVED: ({ root_service, root_operation, duration_ms, error_count, similar = 0 }) =>
    `${[root_service ?? "unknown service", root_operation].filter(Boolean).join(" ")}, ${duration_ms} ms` +
    `${error_count ? `, ${plural(error_count, "error")}` : ""}${similar > 0 ? `, ${similar} more alike` : ""}`,
  WATCH_DEFINED: ({ watch: { title, query, cluster_ids = [] } }) =>
    `${title}, ${cluster_ids.length === 0 ? "all clusters" : plural(cluster_ids.length, "cluster")}: ${query}`,
  WATCH_REMOVED: ({ watch: { title } }) => `${title} is not watched any more`,
};

const BACKENDS: Readonly<Record<Checked, string>> = {
  API_SERVER: "API server",
  PROMETHEUS: "Prometheus",
  TEMPO: "Tempo",
  LOKI: "Loki",
  ALERTMANAGER: "Alertmanager",
  KORREL8R: "Korrel8r",
};
const EFFECTS: Readonly<Record<CorrelationRule["effect"], string>> = {
  TOGETHER: "one incident for the same",
  APART: "never one incident for another",
  IGNORED: "no incident",
};
const VERDICTS: Readonly<Record<Verdict, string>> = { USEFUL: "useful", NOISE: "noise" };
const LOGINS: Readonly<Record<LoginMethod, string>> = {
  code: "one-time code",
  oidc: "OpenID Connect",
  openshift: "OpenShift",
};
const ENDINGS: Readonly<Record<Ending, string>> = {
  REPORTED: "",
  EXPIRED: ", not reported again",
  GONE: ", gone from Alertmanager",
};

const AREAS: Readonly<Record<CnfStatusChanged["area"], string>> = {
  WORKLOAD: "Workload",
  PTP: "Clock",
  SRIOV: "Virtual functions",
  DPDK: "DPDK port",
};
const MEASURES: Readonly<Record<GpuThresholdCrossed["metric"], readonly [said: string, unit: string]>> = {
  TEMPERATURE: ["temperature", "°C"],
  MEMORY_TEMPERATURE: ["memory temperature", "°C"],
  MEMORY_USED: ["memory in use", "%"],
  POWER_DRAW: ["power of its limit", "%"],
};

/** What the event says, in one line; for a type that is not known, nothing. */
export function summary({ event_type, payload, timestamp }: LogEvent): string {
  const tell = SUMMARIES[event_type as EventName] as ((payload: unknown, at: number) => string) | undefined;
  if (payload === null) return "Its payload is no longer kept";
  try {
    return tell?.(payload, Date.parse(timestamp)) ?? "";
  } catch {
    // A shape from before or after this UI: its payload is there to read.
    return "";
  }
}

const named = ({ alertname, labels }: Alert) => {
  const namespace = labels["namespace"];
  const machine = labels["node"] ?? labels["instance"];
  return `${alertname}${namespace ? ` in ${namespace}` : machine ? ` on ${machine}` : ""}`;
};

const measured = ({ metric_name, labels }: Pick<Anomaly, "metric_name" | "labels">) =>
  `${metric_name}${labels["namespace"] ? ` in ${labels["namespace"]}` : ""}`;

const ruled = ({ effect, equal = [], names = [] }: CorrelationRule) =>
  `${[EFFECTS[effect], equal.join(" and ")].filter(Boolean).join(" ")}${names.length > 0 ? ` of ${names.join(", ")}` : ""}`;

function cause({ causes: [first], is_known, explanation }: RcaResult): string {
  // Nothing was wrong, or it is not shown: the explanation says so.
  if (first === undefined) return explanation;
  const said = `${placeInWords(first.entity.place)} (${first.kind}, ${Math.round(first.score * 100)} %)`;
  return is_known ? said : `Cause unknown, best guess ${said}`;
}

const RUN_AGAIN = { CORRELATION: "Correlation", DETECTION: "Detection", RCA: "Root cause analysis" } as const;
const rerun = ({ kind }: ReplayAsked) => `${RUN_AGAIN[kind]} run again`;

const noted = (comment = "") => (comment === "" ? "" : ` (${comment})`);

function told(alert: Alert): string {
  const said = alert.annotations["summary"] ?? alert.annotations["description"] ?? alert.annotations["message"];
  return said ? `${alert.alertname}: ${said}` : named(alert);
}

function muted(silences: number, inhibitions: number): string {
  return [
    silences > 0 ? `by ${plural(silences, "silence")}` : "",
    inhibitions > 0 ? `by ${plural(inhibitions, "other alert")}` : "",
  ]
    .filter(Boolean)
    .join(" and ");
}

const gpuOf = ({ gpu_index, gpu_uuid, node_name }: Pick<GpuXidError, "gpu_index" | "gpu_uuid" | "node_name">) =>
  `${gpu_index === null || gpu_index === undefined ? gpu_uuid : `GPU ${gpu_index}`} of ${node_name}`;

const repeated = (times: number) => (times > 1 ? `, ${count(times)} times` : "");

const reach = ({ clusters = [] }: TokenCreated) =>
  clusters.length === 0 ? "all clusters" : plural(clusters.length, "cluster");

const ends = (at: string | null | undefined, now: number) =>
  at ? `ends in ${lasting(Date.parse(at) - now)}` : "without an end";

const rounded = (value: number) => Math.round(value * 10) / 10;

const score = (value: number | null) => (value === null ? "" : `, score ${value}`);

function expiry(expires: string, at: number): string {
  const left = Date.parse(expires) - at;
  return left > 0 ? `End in ${lasting(left)}` : `Ended ${lasting(-left)} ago`;
}

function abilities(can: Capabilities): string {
  const gpus = can.has_gpu_nodes ? plural(can.gpu_count, "GPU") : "";
  const found = [
    can.has_prometheus && "Prometheus",
    can.has_thanos && "Thanos",
    can.has_alertmanager && "Alertmanager",
    can.has_loki && "Loki",
    can.has_tempo && "Tempo",
    can.has_service_mesh && "service mesh",
    can.has_cnf_workloads && "CNF workloads",
  ];
  return [plural(can.node_count, "node"), gpus, ...found].filter(Boolean).join(", ");
}
