/** What each type of event carries. */

import type {
  AccessBindingsChanged,
  AccessDenied,
  AlertFired,
  AlertPending,
  AlertPendingEnded,
  AlertResolved,
  AlertSilenced,
  AlertUnsilenced,
  AnomalyDetected,
  AnomalyEnded,
  AnomalyFeedbackGiven,
  BackendCircuitClosed,
  BackendCircuitOpened,
  ClusterCapabilitiesChanged,
  ClusterCredentialsDeleted,
  ClusterCredentialsExpiring,
  ClusterCredentialsUpdated,
  ClusterDeleted,
  ClusterHealthChecked,
  ClusterNameFreed,
  ClusterNameTaken,
  ClusterRegistered,
  ClusterStatusChanged,
  ClusterUpdated,
  CnfStatusChanged,
  CnfUpdate,
  CorrelationRuleDefined,
  CorrelationRuleRemoved,
  DeadLetterDropped,
  DeadLetterRetried,
  EdgeLinkLost,
  EdgeLinkRestored,
  GpuDisappeared,
  GpuReappeared,
  GpuThresholdCrossed,
  GpuUpdate,
  GpuXidError,
  IncidentAcknowledged,
  IncidentMerged,
  IncidentOpened,
  IncidentReopened,
  IncidentResolved,
  IncidentSplit,
  IncidentUpdated,
  LoggedIn,
  LoggedOut,
  LoginsFailed,
  MetricUpdate,
  PersonaCreated,
  PersonaDeleted,
  PersonaUpdated,
  ProjectionRebuildStarted,
  RcaComplete,
  ReplayCompleted,
  ReplayFailed,
  ReplayStarted,
  ReportDeleted,
  ReportFailed,
  ReportGenerated,
  ReportProgress,
  ReportRequested,
  ReportScheduled,
  ReportStarted,
  ReportUnscheduled,
  TokenCreated,
  TokenRevoked,
  TraceReceived,
  WatchDefined,
  WatchRemoved,
} from "@/generated/api.schemas";

import type { ChatPayloads } from "@/features/events/chat-summary";

export interface Payloads extends ChatPayloads {
  ACCESS_BINDINGS_CHANGED: AccessBindingsChanged;
  ACCESS_DENIED: AccessDenied;
  ALERT_FIRED: AlertFired;
  ALERT_PENDING: AlertPending;
  ALERT_PENDING_ENDED: AlertPendingEnded;
  ALERT_RESOLVED: AlertResolved;
  ALERT_SILENCED: AlertSilenced;
  ALERT_UNSILENCED: AlertUnsilenced;
  ANOMALY_DETECTED: AnomalyDetected;
  ANOMALY_ENDED: AnomalyEnded;
  ANOMALY_FEEDBACK_GIVEN: AnomalyFeedbackGiven;
  BACKEND_CIRCUIT_CLOSED: BackendCircuitClosed;
  BACKEND_CIRCUIT_OPENED: BackendCircuitOpened;
  CLUSTER_CAPABILITIES_CHANGED: ClusterCapabilitiesChanged;
  CLUSTER_CREDENTIALS_DELETED: ClusterCredentialsDeleted;
  CLUSTER_CREDENTIALS_EXPIRING: ClusterCredentialsExpiring;
  CLUSTER_CREDENTIALS_UPDATED: ClusterCredentialsUpdated;
  CLUSTER_DELETED: ClusterDeleted;
  CLUSTER_HEALTH_CHECKED: ClusterHealthChecked;
  CLUSTER_NAME_FREED: ClusterNameFreed;
  CLUSTER_NAME_TAKEN: ClusterNameTaken;
  CLUSTER_REGISTERED: ClusterRegistered;
  CLUSTER_STATUS_CHANGED: ClusterStatusChanged;
  CLUSTER_UPDATED: ClusterUpdated;
  CNF_STATUS_CHANGED: CnfStatusChanged;
  CNF_UPDATE: CnfUpdate;
  CORRELATION_RULE_DEFINED: CorrelationRuleDefined;
  CORRELATION_RULE_REMOVED: CorrelationRuleRemoved;
  DEAD_LETTER_DROPPED: DeadLetterDropped;
  DEAD_LETTER_RETRIED: DeadLetterRetried;
  EDGE_LINK_LOST: EdgeLinkLost;
  EDGE_LINK_RESTORED: EdgeLinkRestored;
  GPU_DISAPPEARED: GpuDisappeared;
  GPU_REAPPEARED: GpuReappeared;
  GPU_THRESHOLD_CROSSED: GpuThresholdCrossed;
  GPU_UPDATE: GpuUpdate;
  GPU_XID_ERROR: GpuXidError;
  INCIDENT_ACKNOWLEDGED: IncidentAcknowledged;
  INCIDENT_MERGED: IncidentMerged;
  INCIDENT_OPENED: IncidentOpened;
  INCIDENT_REOPENED: IncidentReopened;
  INCIDENT_RESOLVED: IncidentResolved;
  INCIDENT_SPLIT: IncidentSplit;
  INCIDENT_UPDATED: IncidentUpdated;
  LOGGED_IN: LoggedIn;
  LOGGED_OUT: LoggedOut;
  LOGINS_FAILED: LoginsFailed;
  METRIC_UPDATE: MetricUpdate;
  PERSONA_CREATED: PersonaCreated;
  PERSONA_DELETED: PersonaDeleted;
  PERSONA_UPDATED: PersonaUpdated;
  PROJECTION_REBUILD_STARTED: ProjectionRebuildStarted;
  RCA_COMPLETE: RcaComplete;
  REPLAY_COMPLETED: ReplayCompleted;
  REPLAY_FAILED: ReplayFailed;
  REPLAY_STARTED: ReplayStarted;
  REPORT_DELETED: ReportDeleted;
  REPORT_FAILED: ReportFailed;
  REPORT_GENERATED: ReportGenerated;
  REPORT_PROGRESS: ReportProgress;
  REPORT_REQUESTED: ReportRequested;
  REPORT_SCHEDULED: ReportScheduled;
  REPORT_STARTED: ReportStarted;
  REPORT_UNSCHEDULED: ReportUnscheduled;
  TOKEN_CREATED: TokenCreated;
  TOKEN_REVOKED: TokenRevoked;
  TRACE_RECEIVED: TraceReceived;
  WATCH_DEFINED: WatchDefined;
  WATCH_REMOVED: WatchRemoved;
}
