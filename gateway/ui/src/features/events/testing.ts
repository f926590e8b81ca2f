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
export const persona = {
  persona: { id: "night-shift", name: "Night shift", description: "", system_prompt: "Be brief.", capabilities: ["list_alerts"] },
};

export const report = {
  report_id: INCIDENT_ID,
  asked: {
    title: "The week",
    report_type: "EXECUTIVE_SUMMARY" as const,
    format: "PDF" as const,
    time_range: { start: "2026-01-24T12:00:00Z", end: "2026-01-31T12:00:00Z" },
  },
  generated_by: "ada",
  requested_at: "2026-01-31T12:00:00Z",
  expires_at: "2026-05-01T12:00:00Z",
};
export const schedule = {
  schedule_id: INCIDENT_ID,
  recurring: {
    title: "Every Monday",
    report_type: "EXECUTIVE_SUMMARY" as const,
    format: "PDF" as const,
    cron: "0 7 * * MON",
  },
  scheduled_by: "ada",
  expires_at: "2026-07-01T12:00:00Z",
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
