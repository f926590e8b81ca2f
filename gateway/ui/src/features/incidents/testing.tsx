/** For tests of this feature: incidents as the hub tells them, and live events. */

import { http, HttpResponse } from "msw";

import { IncidentPage } from "@/features/incidents/detail/page";
import { IncidentsPage } from "@/features/incidents/page";
import { readIncidentSearch, readIncidentsSearch } from "@/features/incidents/search";
import type {
  Incident,
  IncidentDetail,
  IncidentList,
  IncidentView,
  RcaEdge,
  RcaEdgeKind,
  RcaEntity,
  RcaView,
  SignalView,
  TimelineEntry,
  Whoami,
} from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

const uuid = (prefix: string, at: number) => `00000000-0000-4000-8000-${prefix}${String(at).padStart(12 - prefix.length, "0")}`;
export const CLUSTER = uuid("c", 1);
export const OTHER_CLUSTER = uuid("c", 2);
export const incidentId = (at: number) => uuid("a", at);
export const signalId = (at: number) => uuid("b", at);

export function incident(at: number, changed: Partial<IncidentView> = {}): IncidentView {
  return {
    id: incidentId(at),
    title: `Incident${at}`,
    state: "OPEN",
    severity: "WARNING",
    cluster_ids: [CLUSTER],
    clusters: [{ id: CLUSTER, name: "edge-1" }],
    where: ["node/worker-3"],
    signals: 40,
    lasting: 30,
    opened_at: "2026-01-31T12:00:00Z",
    last_signal_at: "2026-01-31T12:10:00Z",
    acknowledged_by: null,
    acknowledged_at: null,
    resolved_by: null,
    resolved_at: null,
    merged_into: null,
    version: 3,
    changed_at: "2026-01-31T12:10:00Z",
    redacted: false,
    ...changed,
  };
}

export const detail = (at: number, changed: Partial<IncidentDetail> = {}): IncidentDetail => ({
  ...incident(at),
  alert_ids: [],
  timeline: [],
  ...changed,
});

export function listOf(items: IncidentView[], changed: Partial<IncidentList> = {}): IncidentList {
  const severe = (severity: string) => items.filter((each) => each.severity === severity).length;
  const standing = (state: string) => items.filter((each) => each.state === state).length;
  return {
    items,
    by_severity: { CRITICAL: severe("CRITICAL"), WARNING: severe("WARNING"), INFO: severe("INFO") },
    by_state: { OPEN: standing("OPEN"), ACKNOWLEDGED: standing("ACKNOWLEDGED"), RESOLVED: standing("RESOLVED") },
    page: 1,
    page_size: 100,
    total: items.length,
    total_pages: 1,
    ...changed,
  };
}

export function signal(at: number, changed: Partial<SignalView> = {}): SignalView {
  return {
    id: signalId(at),
    kind: "ALERT",
    cluster_id: CLUSTER,
    cluster_name: "edge-1",
    name: `Signal${at}`,
    severity: "WARNING",
    where: ["pod/shop/cart-1", "node/worker-3", "namespace/shop"],
    started_at: "2026-01-31T12:00:00Z",
    ended_at: null,
    joined_at: "2026-01-31T12:00:05Z",
    reason: "same node as 3 of 4",
    likeness: 0.8,
    sequence: at,
    ...changed,
  };
}

export function entry(sequence: number, changed: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    sequence,
    event_type: "INCIDENT_UPDATED",
    at: "2026-01-31T12:00:00Z",
    actor: "service:incidents",
    reason: "2 joined: same node as 3 of 4",
    state: "OPEN",
    severity: "WARNING",
    signals: 40,
    lasting: 30,
    added: 2,
    ended: 0,
    resumed: 0,
    moved: 0,
    other_id: null,
    redacted: false,
    ...changed,
  };
}

export const analysis = (changed: Partial<RcaView> = {}): RcaView => ({
  id: uuid("d", 1),
  trigger: "INCIDENT",
  trigger_id: incidentId(1),
  incident_id: incidentId(1),
  cluster_ids: [CLUSTER],
  window_start: "2026-01-31T11:00:00Z",
  window_end: "2026-01-31T12:00:00Z",
  first_sequence: 1,
  last_sequence: 9,
  signals: 3,
  is_known: true,
  causes: [
    {
      entity: { cluster_id: CLUSTER, place: "node/worker-3" },
      kind: "node",
      score: 0.912,
      claims: [
        { text: "KubeNodeNotReady of node/worker-3 since 12:00", cited: [4], is_fact: true },
        { text: "it may have led to KubePodNotReady of workload/shop/cart", cited: [4], effects: [5, 6], is_fact: false },
      ],
      doubts: ["HighErrorRate began before it"],
    },
    { entity: { cluster_id: CLUSTER, place: "workload/shop/cart" }, kind: "pod", score: 0.12, claims: [] },
  ],
  explanation: "node/worker-3 explains 2 of 3.",
  actions: [{ text: "Look at the node", command: "oc describe node worker-3" }, { text: "Drain it" }],
  analysed_at: "2026-01-31T12:00:05Z",
  sequence: 10,
  redacted: false,
  ...changed,
});

export const entity = (place: string): RcaEntity => ({ cluster_id: CLUSTER, place });

export const causalEdge = (from: string, to: string, kind: RcaEdgeKind = "TEMPORAL", weight = 0.8): RcaEdge => ({
  kind,
  source: entity(from),
  target: entity(to),
  weight,
});

interface Answers {
  list?: (asked: URLSearchParams) => IncidentList;
  one?: IncidentDetail;
  signals?: SignalView[];
  timeline?: TimelineEntry[];
  analyses?: RcaView[];
  me?: Partial<Whoami>;
}

/** A hub that answers so; what was asked of the list and of signals comes back as it grows. */
export function answering({ list = () => listOf([]), one, signals = [], timeline = [], analyses = [], me }: Answers) {
  const asked = { list: [] as URLSearchParams[], signals: [] as URLSearchParams[], one: [] as URLSearchParams[] };
  const paramsOf = (request: Request) => new URL(request.url).searchParams;
  const page = { page: 1, page_size: 100, total: signals.length, total_pages: 1 };
  hub.use(
    http.get("*/api/v1/incidents", ({ request }) => {
      asked.list.push(paramsOf(request));
      return HttpResponse.json(list(paramsOf(request)));
    }),
    http.get("*/api/v1/incidents/:id/signals", ({ request }) => {
      asked.signals.push(paramsOf(request));
      return HttpResponse.json({ items: signals, ...page });
    }),
    http.get("*/api/v1/incidents/:id/timeline", () => HttpResponse.json({ items: timeline, next_cursor: null })),
    http.get("*/api/v1/analysis/rca", () => HttpResponse.json({ items: analyses, ...page, total: analyses.length })),
    http.get("*/api/v1/analysis/rca/:id", () => HttpResponse.json(analyses[0])),
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [] })),
  );
  if (one !== undefined) {
    hub.use(
      http.get("*/api/v1/incidents/:id", ({ request }) => {
        asked.one.push(paramsOf(request));
        return HttpResponse.json(one);
      }),
    );
  }
  if (me) asking(me);
  return asked;
}

export const showIncidents = (at = "/incidents") =>
  show(<IncidentsPage />, { at, path: "/incidents", readSearch: readIncidentsSearch });

export const showIncident = (at: number, search = "") =>
  show(<IncidentPage />, {
    at: `/incidents/${incidentId(at)}${search}`,
    path: "/incidents/$incidentId",
    readSearch: (raw) => ({ ...raw, ...readIncidentSearch(raw) }),
  });

/** The head as an event tells it. */
export const headOf = (view: IncidentView, changed: Partial<Incident> = {}): Incident => ({ ...view, ...changed });
