import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";

import { voicesOf } from "@/components/anomalies/words";
import type { QueryEditorProps } from "@/components/query-editor/query-editor";
import { LIBRARIES } from "@/features/observability/library/store";
import { caveats, headline, judgementInWords } from "@/features/observability/metrics/anomalies/found-words";
import { concerns } from "@/features/observability/metrics/anomalies/use-anomalies";
import { MetricsPage } from "@/features/observability/metrics/page";
import { readMetricsSearch } from "@/features/observability/search";
import type { AnomaliesFound, Anomaly, AnomalySearch, SearchedSeries } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));
vi.mock("@/components/query-editor/query-editor", () => ({
  QueryEditor: ({ label, value }: QueryEditorProps) => <textarea aria-label={label} value={value} readOnly />,
}));
// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/chart/figure"));

const CLUSTER = "00000000-0000-4000-8000-c00000000001";
/** Several answers after each other, on a machine that may be busy. */
const PATIENT = { timeout: 5_000 };
vi.setConfig({ testTimeout: 20_000 });

const anomaly = (id: string, changed: Partial<Anomaly> = {}): Anomaly => ({
  id,
  cluster_id: CLUSTER,
  watch_id: null,
  metric_name: "node_load1",
  labels: { instance: "worker-3" },
  detection_type: "STATISTICAL",
  severity: "HIGH",
  confidence_score: 0.9,
  anomaly_type: "SPIKE",
  expected_value: 2,
  actual_value: 9.5,
  deviation_percent: 375,
  explanation: `${id} is far above what was usual`,
  evidence: [],
  detected_at: "2026-01-31T12:20:00Z",
  ended_at: "2026-01-31T12:25:00Z",
  ...changed,
});
const series = (changed: Partial<SearchedSeries> = {}): SearchedSeries => ({
  cluster_id: CLUSTER,
  metric_name: "node_load1",
  labels: { instance: "worker-3" },
  counter: false,
  points: 240,
  past: 240,
  ignored: 0,
  cut: 0,
  first_at: "2026-01-31T11:00:00Z",
  too_few: false,
  warming: false,
  anomalies: [],
  scores: [],
  ...changed,
});
const found = (changed: Partial<AnomaliesFound> = {}): AnomaliesFound => ({
  start: "2026-01-31T12:00:00Z",
  end: "2026-01-31T13:00:00Z",
  learn_from: "2026-01-31T11:00:00Z",
  clusters_queried: 1,
  clusters_succeeded: 1,
  missing: [],
  warnings: [],
  anomalies: 1,
  anomalies_left_out: 0,
  series: [series({ anomalies: [anomaly("Found")] }), series({ labels: { instance: "worker-4" } })],
  left_out: [],
  truncated: false,
  ...changed,
});

let searched: AnomalySearch[];
let listed: URLSearchParams[];
let told: Anomaly[];

function finding(body: object, status = 200) {
  hub.use(
    http.post("*/api/v1/analysis/anomaly", async ({ request }) => {
      searched.push((await request.json()) as AnomalySearch);
      return HttpResponse.json(body, { status });
    }),
  );
}

beforeEach(() => {
  [searched, listed, told] = [[], [], []];
  LIBRARIES.promql.setState({ recent: [], saved: [] });
  const data = [{ metric: { __name__: "node_load1", instance: "worker-3" }, values: [[1_769_860_800, "1"]] }];
  hub.use(
    http.post("*/api/v1/metrics/query_range", () =>
      HttpResponse.json({
        results: [{ cluster_id: CLUSTER, cluster_name: "edge-1", status: "SUCCESS", result_type: "MATRIX", code: null, error: null, warnings: [], query_time_ms: 1, cached: false, data }],
        clusters_queried: 1,
        clusters_succeeded: 1,
        missing: [],
        warnings: [],
        total_query_time_ms: 1,
      }),
    ),
    http.get("*/api/v1/anomalies", ({ request }) => {
      listed.push(new URL(request.url).searchParams);
      const items = told.map((each) => ({ ...each, cluster_name: "edge-1", state: "ENDED", feedback: null, incident_id: null }));
      return HttpResponse.json({ items, page: 1, page_size: 100, total: told.length, total_pages: 1, total_at_least: false, next_cursor: null });
    }),
    http.get("*/api/v1/alerts", () => HttpResponse.json({ items: [], next_cursor: null })),
  );
  finding(found());
});

const page = (query = "node_load1") =>
  show(<MetricsPage />, {
    at: `/observability/metrics?query=${encodeURIComponent(query)}&from=2026-01-31T12:00:00.000Z&to=2026-01-31T13:00:00.000Z&clusters=${CLUSTER}`,
    path: "/observability/metrics",
    readSearch: (raw) => ({ ...raw, ...readMetricsSearch(raw) }),
  });

test("anomalies that were told of the query's metric lie under the chart, and lead to their page", async () => {
  told = [anomaly("Told"), anomaly("Elsewhere", { labels: { instance: "worker-9" } })];
  const { user, where } = await page("rate(node_load1[5m])");
  const mark = await screen.findByRole("button", { name: /^Spike of node_load1, \+375 %, instance="worker-3"/ }, PATIENT);
  expect(screen.getByRole("group", { name: /1 stretch/ })).toBeInTheDocument();
  expect(listed[0]!.getAll("metric")).toEqual(["rate(node_load1[5m])", "node_load1"]);
  expect([listed[0]!.get("cluster_id"), listed[0]!.get("from")]).toEqual([CLUSTER, "2026-01-31T12:00:00.000Z"]);
  await user.click(mark);
  await waitFor(() => expect(where()).toMatch(/^\/anomalies\/Told/));
});

test("that they could not be read is told, and what is watched is known by its query on one line", async () => {
  hub.use(
    http.get("*/api/v1/anomalies", ({ request }) => {
      listed.push(new URL(request.url).searchParams);
      return HttpResponse.json({ error: { code: "DATABASE_UNAVAILABLE", message: "away" } }, { status: 400 });
    }),
  );
  await page("sum(\n  node_load1\n)");
  expect(await screen.findByText("The anomalies of this time could not be read.", {}, PATIENT)).toBeInTheDocument();
  expect(listed[0]!.getAll("metric")).toEqual(["sum( node_load1 )", "node_load1"]);
});

test("somebody looks for anomalies in what is shown, and what is found is listed and drawn", async () => {
  const { user } = await page();
  await user.click(await screen.findByRole("button", { name: "Look for anomalies" }, PATIENT));
  const list = within(await screen.findByRole("region", { name: "Anomalies that were found" }, PATIENT));
  expect(list.getByRole("heading", { name: "1 anomaly in 1 of 2 series" })).toBeInTheDocument();
  expect(list.getByRole("listitem")).toHaveTextContent(/High.*Spike of node_load1.*9\.5, \+375 %.*worker-3.*Found is far above.*for 5 min/);
  expect(searched).toEqual([
    {
      query: "node_load1",
      cluster_ids: [CLUSTER],
      step: expect.any(String) as string,
      start_time: "2026-01-31T12:00:00.000Z",
      end_time: "2026-01-31T13:00:00.000Z",
    },
  ]);
  // Chosen under the chart, it is gone to in the list: it has no page.
  await user.click(screen.getByRole("button", { name: /^Spike of node_load1/ }));
  expect(list.getByRole("listitem")).toHaveFocus();
  await user.click(list.getByRole("button", { name: "Clear" }));
  expect(screen.queryByRole("region", { name: "Anomalies that were found" })).not.toBeInTheDocument();
});

test("a model is asked where somebody wants it, and what it says is told as its own", async () => {
  const says = (text: string) => anomaly("Found", { detection_type: "LLM_ASSISTED", explanation: `9.5 is far above 2. A model says: “${text}”` });
  const judgement = { candidates: 12, confirmed: 1, not_asked: 3, cut: false, models: ["qwen3-8b"], prompt_version: "judging-1 converse-1" };
  finding(found({ series: [series({ anomalies: [says("It is <b>news</b>.")] })], judgement }));
  const { user } = await page();
  await user.click(await screen.findByRole("button", { name: "Ways to look for anomalies" }, PATIENT));
  const way = await screen.findByRole("menuitem", { name: /^With a language model/ }, PATIENT);
  expect(way).toHaveTextContent("Needs a model.");
  await user.click(way);
  const list = within(await screen.findByRole("region", { name: "Anomalies that were found" }, PATIENT));
  expect(searched.map(({ detection_type }) => detection_type)).toEqual(["LLM_ASSISTED"]);
  expect(list.getByText("9.5 is far above 2.")).toBeInTheDocument();
  expect(list.getByText(/^A language model says:/)).toHaveTextContent("It is <b>news</b>.");
  expect(list.getByText(/^Of 12 candidates of the detector qwen3-8b finds 1 worth attention/)).toBeInTheDocument();
  expect(list.getByText(/not asked about the 3 weakest candidates/)).toBeInTheDocument();
});

test("that a model is needed is told", async () => {
  finding({ error: { code: "MODEL_NOT_AVAILABLE", message: "LLM_ASSISTED detection needs a model, and none is configured" } }, 503);
  const { user } = await page();
  await user.click(await screen.findByRole("button", { name: "Ways to look for anomalies" }, PATIENT));
  await user.click(await screen.findByRole("menuitem", { name: /^With a language model/ }));
  expect(await screen.findByText(/needs a model, and none is configured/)).toBeInTheDocument();
});

test("only of what a model was asked about something is told as its words", () => {
  const explanation = "9 is above 2. A model says: “all is well”";
  expect(voicesOf({ detection_type: "STATISTICAL", explanation })).toEqual({ figures: explanation });
  expect(voicesOf({ detection_type: "LLM_ASSISTED", explanation })).toEqual({ figures: "9 is above 2", opinion: "all is well" });
  expect(voicesOf({ detection_type: "LLM_ASSISTED", explanation: "x. A model says: “a” 9. A model says: “b”" }).opinion).toBe("b");
  expect(judgementInWords({ judgement: null })).toBe("");
});

test("why anomalies could not be looked for is told", async () => {
  finding({ error: { code: "OVERLOADED", message: "two searches are running already; try again later" } }, 503);
  const { user } = await page();
  await user.click(await screen.findByRole("button", { name: "Look for anomalies" }, PATIENT));
  expect(await screen.findByText(/two searches are running already/i)).toBeInTheDocument();
});

test("what was not looked at is told with what was found", async () => {
  finding(
    found({
      clusters_queried: 2,
      missing: [{ cluster_id: CLUSTER, cluster_name: null, code: "TIMEOUT", reason: "no answer in time" }],
      left_out: [{ limit: "SERIES", series: 12 }],
    }),
    206,
  );
  const { user } = await page();
  await user.click(await screen.findByRole("button", { name: "Look for anomalies" }, PATIENT));
  expect(await screen.findByText(/1 of 2 clusters answered/)).toBeInTheDocument();
  expect(screen.getByText(/12 series left out: there are too many/)).toBeInTheDocument();
});

test("each way to find nothing has its words", () => {
  expect(headline(found({ anomalies: 0, series: [series()] }))).toBe("Nothing unusual in 1 series");
  expect(headline(found({ anomalies: 0, series: [] }))).toBe("There was no series to look at");
  expect(headline(found({ anomalies: 0, series: [series({ too_few: true })] }))).toMatch(/^Too few values/);
  expect(caveats(found({ series: [series({ warming: true })] }))).toEqual([expect.stringMatching(/^The series have less than 150 values/)]);
  expect(caveats(found())).toEqual([]);
});

test("an anomaly concerns a line of its cluster that no label tells apart from it", () => {
  const line = { clusterId: CLUSTER, metric: { instance: "worker-3" } };
  expect(concerns([line])(anomaly("a"))).toBe(true);
  expect(concerns([{ ...line, metric: {} }])(anomaly("a"))).toBe(true);
  expect(concerns([{ ...line, metric: { instance: "b" } }])(anomaly("a"))).toBe(false);
  expect(concerns([{ ...line, clusterId: "other" }])(anomaly("a"))).toBe(false);
});
