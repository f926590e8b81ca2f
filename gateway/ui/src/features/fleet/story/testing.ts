/** Incidents for tests of the home, as the hub tells them with all that it is asked for. */

import type { IncidentList, IncidentView, RcaInShort } from "@/generated/api.schemas";

export const causeOf = (more: Partial<RcaInShort> = {}): RcaInShort => ({
  rca_id: "r-1",
  is_known: true,
  analysed_at: "2026-01-31T12:01:00Z",
  sequence: 9,
  redacted: false,
  told: {
    entity: { cluster_id: "c-1", place: "node/worker-3" },
    kind: "node",
    score: 0.654,
    explanation: "node/worker-3 explains 2 of 3.",
    claims: 4,
    evidence: [
      { text: "KubeNodeNotReady of node/worker-3 since 12:00", is_fact: true, sequence: 4, seen: null },
      { text: "KubeNodeNotReady of node/worker-3 since 12:01", is_fact: true, sequence: 5, seen: null },
      { text: "the disk is full", is_fact: false, sequence: null, seen: SEEN },
    ],
  },
  ...more,
});

const SEEN = {
  cluster_id: "c-1",
  backend: "LOKI" as const,
  name: "LOG_DISK_FULL",
  severity: "WARNING" as const,
  where: ["node/worker-3"],
  text: "12 lines say so",
  query: '{node="worker-3"}',
  start: "2026-01-31T11:00:00Z",
  end: "2026-01-31T12:00:00Z",
};

export const story = (id: string, more: Partial<IncidentView> = {}): IncidentView => ({
  id,
  title: "KubeNodeNotReady on worker-3 and 2 more",
  state: "OPEN",
  severity: "CRITICAL",
  cluster_ids: ["c-1"],
  clusters: [{ id: "c-1", name: "edge-1" }],
  where: ["node/worker-3"],
  signals: 3,
  lasting: 2,
  opened_at: "2026-01-31T12:00:00Z",
  last_signal_at: "2026-01-31T12:02:00Z",
  acknowledged_by: null,
  acknowledged_at: null,
  resolved_by: null,
  resolved_at: null,
  merged_into: null,
  version: 2,
  changed_at: "2026-01-31T12:02:00Z",
  redacted: false,
  known_at: "2026-01-31T12:00:30.250Z",
  reach: { clusters: 1, namespaces: 1, workloads: 0, pods: 3, nodes: 1, gpus: 0, at_least: false },
  cause: causeOf(),
  ...more,
});

export function stories(items: IncidentView[], more: Partial<IncidentList> = {}): IncidentList {
  const severe = (severity: string) => items.filter((each) => each.severity === severity).length;
  return {
    items,
    by_state: { OPEN: items.length, ACKNOWLEDGED: 0, RESOLVED: 0 },
    by_severity: { CRITICAL: severe("CRITICAL"), WARNING: severe("WARNING"), INFO: severe("INFO") },
    lasting_by_name: [],
    page: 1,
    page_size: 5,
    total: items.length,
    total_pages: 1,
    ...more,
  };
}
