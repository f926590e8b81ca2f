/** Clusters for tests, and events of them. */

import { http, HttpResponse } from "msw";

import type { Check, ClusterList, ClusterView, Role } from "@/generated/api.schemas";
import { getGetClusterResponseMock, getGetClusterStatusResponseMock } from "@/generated/api.msw";
import type { LiveEvent } from "@/lib/live";
import { asking, hub } from "@/testing/hub";
import { hearing } from "@/testing/live";

export const ID = "75f9c9f4-eec2-5cac-b213-74a1a6493d37";

export function cluster(changed: Partial<ClusterView> = {}): ClusterView {
  return getGetClusterResponseMock({
    id: ID,
    name: "edge-1",
    display_name: null,
    api_server_url: "https://api.edge-1.example.com:6443",
    cluster_type: "EDGE",
    platform: "OPENSHIFT",
    environment: "LAB",
    region: null,
    site: "hub",
    labels: {},
    endpoints: { prometheus_url: "https://prometheus.example.com" },
    status: { state: "ONLINE", health_score: 100, checked_at: "2026-03-04T12:00:00Z", last_error: null },
    capabilities: null,
    platform_version: "4.16.1",
    last_seen_at: "2026-03-04T12:00:00Z",
    version: 3,
    ...changed,
  });
}

export const listOf = (items: ClusterView[], total = items.length): ClusterList => ({
  items,
  total,
  page: 1,
  page_size: 100,
  total_pages: Math.ceil(total / 100),
});

export const refusal = (status: number, code: string, message: string, details: object = {}) =>
  HttpResponse.json({ error: { code, message, details, service: "gateway", trace_id: "t", timestamp: "" } }, { status });

export const check = (changed: Partial<Check> = {}): Check => ({
  name: "API_SERVER",
  healthy: true,
  latency_ms: 7,
  error: null,
  advice: null,
  answered: true,
  ...changed,
});

/** The hub answers for one cluster, an administrator asks. */
export function withCluster(of: ClusterView, checks: Check[] = [check()]): void {
  hub.use(
    http.get(`*/api/v1/clusters/${of.id}`, () => HttpResponse.json(of)),
    http.get(`*/api/v1/clusters/${of.id}/status`, () =>
      HttpResponse.json(
        getGetClusterStatusResponseMock({ status: of.status, checks, history: [], runs: [] }),
      ),
    ),
  );
  asRole("admin");
}

export function asRole(role: Role, clusters: string[] = []): void {
  asking({ user: "me", role, clusters });
}

/** What a test says over the live stream, of the cluster if it names no other. */
export function stream(): (event: Partial<LiveEvent>) => void {
  const say = hearing();
  return (event) => say({ cluster_id: ID, ...event });
}
