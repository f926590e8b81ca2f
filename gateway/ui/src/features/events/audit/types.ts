/** What the audit log holds: the hub refuses other types. Every page has this with its address: no looks in it. */

import { EventName } from "@/generated/api.schemas";

export const AUDITED: readonly EventName[] = [
  EventName.ACCESS_BINDINGS_CHANGED,
  EventName.ACCESS_DENIED,
  EventName.LOGGED_IN,
  EventName.LOGGED_OUT,
  EventName.LOGINS_FAILED,
  EventName.TOKEN_CREATED,
  EventName.TOKEN_REVOKED,
  EventName.ALERT_SILENCED,
  EventName.ALERT_UNSILENCED,
  EventName.ANOMALY_FEEDBACK_GIVEN,
  EventName.WATCH_DEFINED,
  EventName.WATCH_REMOVED,
  EventName.INCIDENT_ACKNOWLEDGED,
  EventName.INCIDENT_RESOLVED,
  EventName.INCIDENT_REOPENED,
  EventName.INCIDENT_MERGED,
  EventName.INCIDENT_SPLIT,
  EventName.CORRELATION_RULE_DEFINED,
  EventName.CORRELATION_RULE_REMOVED,
  EventName.PERSONA_CREATED,
  EventName.PERSONA_DELETED,
  EventName.PERSONA_UPDATED,
  EventName.REPORT_REQUESTED,
  EventName.REPORT_DELETED,
  EventName.REPORT_SCHEDULED,
  EventName.REPORT_UNSCHEDULED,
  EventName.CLUSTER_REGISTERED,
  EventName.CLUSTER_UPDATED,
  EventName.CLUSTER_DELETED,
  EventName.CLUSTER_CREDENTIALS_UPDATED,
  EventName.CLUSTER_CREDENTIALS_EXPIRING,
  EventName.CLUSTER_CREDENTIALS_DELETED,
  EventName.DEAD_LETTER_DROPPED,
  EventName.DEAD_LETTER_RETRIED,
  EventName.PROJECTION_REBUILD_STARTED,
];

/** Somebody has tried what is not theirs. */
export const ALARMING: ReadonlySet<string> = new Set<EventName>([EventName.ACCESS_DENIED, EventName.LOGINS_FAILED]);
