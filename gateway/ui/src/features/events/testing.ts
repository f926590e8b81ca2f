/** What tests of events need. */

import type { RcaResult, ReplayResult } from "@/generated/api.schemas";

import type { LogEvent } from "@/features/events/event";

const CLUSTER_ID = "0f45f335-880f-5d63-a813-4e4af646b9fe";
const INCIDENT_ID = "7c1b7b35-4f54-5f3c-9c1b-7b354f544f3c";

export const made = (event_type: string, payload: unknown): LogEvent => ({
  event_id: "90b941b6-2803-58e4-9682-e8e0e0ec66b6",
  event_type,
  sequence: 1,
  source: "/services/alerts",
  cluster_id: CLUSTER_ID,
  cluster_name: "hub-1",
  timestamp: "2026-01-31T12:00:00Z",
  logged_at: null,
  payload: payload as LogEvent["payload"],
  correlation_id: CLUSTER_ID,
  causation_id: CLUSTER_ID,
  actor: "admin",
});

export const rerun = {
  replay_id: INCIDENT_ID,
  asked: { kind: "CORRELATION" as const, start: "2026-01-31T11:00:00Z", end: "2026-01-31T12:00:00Z" },
};
export const rerunResult: ReplayResult = { told: 4, again: 4, equal: 4, is_equal: true, events: 9 };

export const analysis: RcaResult = {
  id: INCIDENT_ID,
  trigger: "INCIDENT",
  trigger_id: INCIDENT_ID,
  incident_id: INCIDENT_ID,
  cluster_ids: [CLUSTER_ID],
  window_start: "2026-01-31T11:00:00Z",
  window_end: "2026-01-31T12:00:00Z",
  first_sequence: 1,
  last_sequence: 9,
  signals: 3,
  is_known: true,
  causes: [{ entity: { cluster_id: CLUSTER_ID, place: "node/w-3" }, kind: "node", score: 0.912, claims: [] }],
  explanation: "node/w-3 is behind it",
};
