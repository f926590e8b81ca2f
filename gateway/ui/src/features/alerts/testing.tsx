/** For tests of this feature: alerts as the hub lists them, and live events. */

import { act } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { vi } from "vitest";

import { AlertsPage } from "@/features/alerts/page";
import { readAlertsSearch } from "@/features/alerts/search";
import type { AlertFacets, AlertGroups, AlertList, AlertView, Whoami } from "@/generated/api.schemas";
import { live, type LiveEvent } from "@/lib/live";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

export const CLUSTER = "00000000-0000-4000-8000-0000000000c1";

export function alert(id: string, changed: Partial<AlertView> = {}): AlertView {
  return {
    id,
    fingerprint: `f-${id}`,
    cluster_id: CLUSTER,
    cluster_name: "edge-1",
    alertname: `Alert${id}`,
    severity: "WARNING",
    state: "FIRING",
    labels: { alertname: `Alert${id}`, namespace: "shop" },
    annotations: { summary: `summary of ${id}` },
    starts_at: "2026-01-31T12:00:00Z",
    first_seen_at: "2026-01-31T12:00:10Z",
    last_seen_at: "2026-01-31T12:00:10Z",
    ends_at: null,
    expires_at: null,
    ending: null,
    generator_url: null,
    incident_id: null,
    flapping: false,
    silenced: false,
    silenced_by: [],
    inhibited: false,
    inhibited_by: [],
    occurrences: 1,
    ...changed,
  };
}

export function page(items: AlertView[], changed: Partial<AlertList> = {}): AlertList {
  const of = (severity: string) => items.filter((each) => each.severity === severity).length;
  return {
    items,
    by_severity: { CRITICAL: of("CRITICAL"), WARNING: of("WARNING"), INFO: of("INFO") },
    next_cursor: null,
    page: 1,
    page_size: 100,
    total: items.length,
    total_at_least: false,
    total_pages: 1,
    ...changed,
  };
}

export const FACETS: AlertFacets = {
  state: [{ value: "FIRING", count: 2 }],
  severity: [{ value: "WARNING", count: 2 }],
  alertname: [{ value: "DiskFull", count: 2 }],
  cluster_id: [{ value: CLUSTER, count: 2, name: "edge-1" }],
  namespace: [{ value: "", count: 2 }],
  at_least: false,
};

interface Answers {
  list?: (asked: URLSearchParams) => AlertList;
  groups?: AlertGroups;
  me?: Partial<Whoami>;
}

/** A hub that answers so; what was asked of the list comes back as it grows. */
export function answering({ list = () => page([]), groups, me }: Answers): URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  hub.use(
    http.get("*/api/v1/alerts", ({ request }) => {
      const params = new URL(request.url).searchParams;
      asked.push(params);
      return HttpResponse.json(list(params));
    }),
    http.get("*/api/v1/alerts/facets", () => HttpResponse.json(FACETS)),
    http.get("*/api/v1/alerts/history", () => HttpResponse.json(page([]))),
    http.get("*/api/v1/alerts/groups", () => HttpResponse.json(groups)),
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [] })),
  );
  if (me) asking(me);
  return asked;
}

export const showAlerts = (at = "/alerts") =>
  show(<AlertsPage />, { at, path: "/alerts", readSearch: readAlertsSearch });

/** Takes the place of the stream: what is told reaches the page. */
export function streaming(): (...events: LiveEvent[]) => void {
  const listeners = new Set<(events: readonly LiveEvent[]) => void>();
  vi.spyOn(live, "listen").mockImplementation((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  });
  return (...events) => act(() => listeners.forEach((tell) => tell(events)));
}

export function event(event_type: string, about: AlertView, more: object = {}): LiveEvent {
  return {
    type: "event",
    subscriptions: ["pages"],
    event_id: `${event_type} ${about.id}`,
    event_type,
    sequence: 1,
    timestamp: "2026-01-31T12:30:00Z",
    logged_at: "2026-01-31T12:30:00Z",
    payload: { alert: about, ...more },
    source: "/services/alerts",
    cluster_id: about.cluster_id,
    cluster_name: about.cluster_name,
    correlation_id: "1",
    causation_id: "1",
    actor: "service:alerts",
  };
}
