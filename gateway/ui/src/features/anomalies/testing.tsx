/** For tests of this feature: anomalies and watches as the hub tells them. */

import { http, HttpResponse } from "msw";

import { AnomalyPage } from "@/features/anomalies/detail/page";
import { AnomaliesPage } from "@/features/anomalies/page";
import { readAnomaliesSearch, readAnomalySearch } from "@/features/anomalies/search";
import type { AnomalyFeedback, AnomalyList, AnomalyView, Watch, WatchView, Whoami } from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

export const CLUSTER = "00000000-0000-4000-8000-c00000000001";
export const anomalyId = (at: number) => `00000000-0000-4000-8000-a${String(at).padStart(11, "0")}`;

export function anomaly(at: number, changed: Partial<AnomalyView> = {}): AnomalyView {
  return {
    id: anomalyId(at),
    cluster_id: CLUSTER,
    cluster_name: "edge-1",
    watch_id: "node-load",
    metric_name: `node_load${at}`,
    labels: { instance: "worker-3" },
    detection_type: "STATISTICAL",
    severity: "MEDIUM",
    confidence_score: 0.75,
    anomaly_type: "SPIKE",
    expected_value: 2,
    actual_value: 9.5,
    deviation_percent: 375,
    explanation: `node_load${at} 9.5 is 5.5 above the 1 to 4 in which it was nearly always (since 2 h)`,
    evidence: [{ feature: "level", value: 9, usual_low: 1, usual_high: 4, surprise: 3 }],
    detected_at: "2026-01-31T12:00:00Z",
    ended_at: "2026-01-31T12:10:00Z",
    state: "ENDED",
    feedback: null,
    incident_id: null,
    ...changed,
  };
}

export const listOf = (items: AnomalyView[], changed: Partial<AnomalyList> = {}): AnomalyList => ({
  items,
  page: 1,
  page_size: 100,
  total: items.length,
  total_pages: 1,
  total_at_least: false,
  next_cursor: null,
  ...changed,
});

export const watch = (id: string, changed: Partial<WatchView> = {}): WatchView => ({
  id,
  title: "Load of the nodes",
  query: "node_load1",
  cluster_ids: [],
  every_seconds: 60,
  sensitivity: "MEDIUM",
  detection_type: "STATISTICAL",
  above: 20,
  below: null,
  version: 3,
  changed_at: "2026-01-31T12:00:00Z",
  changed_by: "ada",
  ...changed,
});

interface Answers {
  list?: (asked: URLSearchParams) => AnomalyList;
  one?: AnomalyView;
  watches?: WatchView[];
  me?: Partial<Whoami>;
}

/** A hub that answers so; what it was asked and told comes back as it grows. */
export function answering({ list = () => listOf([]), one, watches = [], me }: Answers) {
  const heard = {
    list: [] as URLSearchParams[],
    metrics: [] as { query: string; cluster_ids?: string[] }[],
    feedback: [] as AnomalyFeedback[],
    watches: [] as { method: string; match: string | null; body: Watch | undefined }[],
  };
  let now = watches;
  let shown = one;
  const take = async ({ request }: { request: Request }) => {
    const body = (await request.json()) as Watch;
    heard.watches.push({ method: request.method, match: request.headers.get("if-match"), body });
    now = [...now.filter(({ id }) => id !== body.id), watch(body.id, body as Partial<WatchView>)];
    return HttpResponse.json(now.at(-1), { status: request.method === "POST" ? 201 : 200 });
  };
  hub.use(
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [{ id: CLUSTER, name: "edge-1", state: "ONLINE" }] })),
    http.get("*/api/v1/anomalies", ({ request }) => {
      const params = new URL(request.url).searchParams;
      heard.list.push(params);
      return HttpResponse.json(list(params));
    }),
    http.get("*/api/v1/anomalies/:id", () =>
      shown ? HttpResponse.json(shown) : HttpResponse.json({ error: { code: "ANOMALY_NOT_FOUND", message: "there is none" } }, { status: 404 }),
    ),
    http.post("*/api/v1/anomalies/:id/feedback", async ({ request }) => {
      const said = (await request.json()) as AnomalyFeedback;
      heard.feedback.push(said);
      shown = { ...shown!, feedback: { comment: "", ...said, given_by: "ada", given_at: "2026-01-31T13:00:00Z" } };
      return HttpResponse.json(shown);
    }),
    http.get("*/api/v1/watches", () => HttpResponse.json({ items: now, total: now.length, page: 1, page_size: 100, total_pages: 1 })),
    http.get("*/api/v1/watches/:id", ({ params }) => {
      const found = now.find(({ id }) => id === params["id"]);
      return found ? HttpResponse.json(found) : HttpResponse.json({ error: { code: "WATCH_NOT_FOUND", message: "none" } }, { status: 404 });
    }),
    http.post("*/api/v1/watches", take),
    http.put("*/api/v1/watches/:id", take),
    http.delete("*/api/v1/watches/:id", ({ params }) => {
      now = now.filter(({ id }) => id !== params["id"]);
      return new HttpResponse(null, { status: 204 });
    }),
    http.post("*/api/v1/metrics/query_range", async ({ request }) => {
      heard.metrics.push((await request.json()) as { query: string });
      return HttpResponse.json({
        results: [
          {
            cluster_id: CLUSTER,
            cluster_name: "edge-1",
            status: "SUCCESS",
            result_type: "MATRIX",
            code: null,
            error: null,
            warnings: [],
            query_time_ms: 1,
            cached: false,
            data: [
              { metric: { __name__: "node_load1", instance: "worker-3" }, values: [[1_769_860_800, "9.5"]] },
              { metric: { __name__: "node_load1", instance: "worker-4" }, values: [[1_769_860_800, "1"]] },
            ],
          },
        ],
        clusters_queried: 1,
        clusters_succeeded: 1,
        missing: [],
        warnings: [],
        total_query_time_ms: 1,
      });
    }),
  );
  if (me) asking(me);
  return heard;
}

export const showAnomalies = (at = "/anomalies") =>
  show(<AnomaliesPage />, { at, path: "/anomalies", readSearch: readAnomaliesSearch });

export const showAnomaly = (at: number, search = "") =>
  show(<AnomalyPage />, { at: `/anomalies/${anomalyId(at)}${search}`, path: "/anomalies/$anomalyId", readSearch: readAnomalySearch });
