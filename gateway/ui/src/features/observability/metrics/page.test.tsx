import { screen, waitFor, within } from "@testing-library/react";
import { delay, http, HttpResponse } from "msw";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";

import type { QueryEditorProps } from "@/components/query-editor/query-editor";
import type { MetricAnswer, MetricQuery, MetricResult } from "@/generated/api.schemas";
import { LIBRARIES } from "@/features/observability/library/store";
import { MetricsPage } from "@/features/observability/metrics/page";
import { readMetricsSearch } from "@/features/observability/search";
import { getGetAlertResponseMock, getListAlertsResponseMock } from "@/generated/api.msw";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));
// The editor has tests of its own; a field that is typed into is enough here.
vi.mock("@/components/query-editor/query-editor", () => ({
  QueryEditor: ({ label, value, onChange, onRun, error }: QueryEditorProps) => (
    <>
      <textarea
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && onRun(value)}
      />
      <p>{error?.message}</p>
    </>
  ),
}));

// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/chart/figure"));

const result = (name: string, more: Partial<MetricResult> = {}): MetricResult => ({
  cluster_id: `id-${name}`,
  cluster_name: name,
  status: "SUCCESS",
  result_type: "MATRIX",
  code: null,
  error: null,
  warnings: [],
  query_time_ms: 1,
  cached: false,
  data: [{ metric: { __name__: "up" }, values: [[1_000_000, "1"]] }],
  ...more,
});
const answer = (more: Partial<MetricAnswer> = {}): MetricAnswer => ({
  results: [result("east"), result("west")],
  clusters_queried: 2,
  clusters_succeeded: 2,
  missing: [],
  warnings: [],
  total_query_time_ms: 1,
  ...more,
});

let asked: MetricQuery[];

/** The hub answers so, to both kinds of question. */
function answered(body: object, status = 200) {
  const handler = async ({ request }: { request: Request }) => {
    asked.push((await request.clone().json()) as MetricQuery);
    return HttpResponse.json(body, { status });
  };
  hub.use(http.post("*/api/v1/metrics/query_range", handler), http.post("*/api/v1/metrics/query", handler));
}

const page = (search = "") =>
  show(<MetricsPage />, {
    at: `/observability/metrics${search}`,
    path: "/observability/metrics",
    readSearch: readMetricsSearch,
  });

const missing = (name: string, code: string, reason: string) => ({
  cluster_id: `id-${name}`,
  cluster_name: name,
  code,
  reason,
});

beforeEach(() => {
  asked = [];
  LIBRARIES.promql.setState({ recent: [], saved: [] });
  answered(answer());
});

test("with nothing asked it offers questions, and a click asks one", async () => {
  const { user, where } = await page();
  await user.click(await screen.findByRole("button", { name: /Load of the nodes/ }));
  expect(await screen.findByRole("img", { name: /^node_load1: 2 series/ })).toBeInTheDocument();
  expect(where()).toContain("query=node_load1");
});

test("what is typed is asked by Enter, of the clusters in the URL, and is remembered", async () => {
  const { user, where } = await page("?clusters=c1&agg=SUM");
  await user.type(await screen.findByRole("textbox", { name: /Query A/ }), "up{{}{Enter}");
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]).toMatchObject({ query: "up{}", cluster_ids: ["c1"], aggregation: "SUM", step: "15s" });
  expect(where()).toContain("query=up%7B%7D");
  await waitFor(() => expect(LIBRARIES.promql.getState().recent.map(({ query }) => query)).toEqual(["up{}"]));
});

test("Enter with nothing written asks nothing", async () => {
  const { user } = await page();
  await user.type(await screen.findByRole("textbox", { name: /Query A/ }), "{Enter}");
  await user.click(screen.getByRole("button", { name: /Load of the nodes/ }));
  await screen.findByRole("img", { name: /^node_load1/ });
  expect(asked.map(({ query }) => query)).toEqual(["node_load1"]);
});

test("until the next answer has come, the one before keeps its name and its unit", async () => {
  const bytes = { metric: {}, values: [[1_000_000, "2048"]] as [number, string][] };
  answered(answer({ results: [result("east", { data: [bytes] })] }));
  const { user } = await page("?query=node_memory_free_bytes");
  const legend = await screen.findByRole("region", { name: "Legend of node_memory_free_bytes" });
  expect(within(legend).getAllByRole("cell", { name: "2.0 KiB" })).toHaveLength(3);
  hub.use(http.post("*/api/v1/metrics/query_range", () => delay("infinite")));
  const field = screen.getByRole("textbox", { name: /Query A/ });
  await user.clear(field);
  await user.type(field, "up{Enter}");
  expect(await screen.findByText(/this is the answer before/)).toBeInTheDocument();
  expect(within(legend).getAllByRole("cell", { name: "2.0 KiB" })).toHaveLength(3);
  expect(screen.queryByRole("region", { name: "Legend of up" })).not.toBeInTheDocument();
});

test("alerts of the chosen clusters are marked where they began and ended, until that is switched off", async () => {
  const marked: URLSearchParams[] = [];
  const base = { alertname: "Down", cluster_name: "east", severity: "CRITICAL" } as const;
  const items = [
    getGetAlertResponseMock({ ...base, state: "FIRING", starts_at: "2026-01-31T11:30:00Z", ends_at: null }),
    getGetAlertResponseMock({
      ...base,
      alertname: "Slow",
      state: "RESOLVED",
      starts_at: "2026-01-31T11:10:00Z",
      ends_at: "2026-01-31T11:20:00Z",
    }),
  ];
  hub.use(
    http.get("*/api/v1/alerts", ({ request }) => {
      marked.push(new URL(request.url).searchParams);
      return HttpResponse.json(getListAlertsResponseMock({ items, next_cursor: "older" }));
    }),
  );
  const { user, where } = await page("?query=up&clusters=c1&as_of=2026-01-31T12:00:00Z");
  expect(await screen.findByText(/: Down on east fired$/)).toBeInTheDocument();
  expect(screen.getByText(/: Slow on east fired$/)).toBeInTheDocument();
  expect(screen.getByText(/: Slow on east resolved$/)).toBeInTheDocument();
  expect(screen.getByText("the newest 100")).toBeInTheDocument();
  expect(Object.fromEntries(marked[0]!)).toMatchObject({
    cluster_id: "c1",
    from: "2026-01-31T11:00:00.000Z",
    to: "2026-01-31T12:00:00.000Z",
    as_of: "2026-01-31T12:00:00Z",
  });
  await user.click(screen.getByRole("switch", { name: "Mark alerts" }));
  expect(where()).toContain("marks=off");
  expect(screen.queryByText(/Down on east/)).not.toBeInTheDocument();
});

test("how often it is read again is said, and it can be paused", async () => {
  const { user } = await page("?query=up&step=5m");
  const button = await screen.findByRole("button", { name: "Refreshing every 5 min" });
  expect(button).toHaveAttribute("aria-keyshortcuts", ".");
  await user.click(button);
  expect(screen.getByRole("button", { name: "Paused" })).toBeInTheDocument();
});

test("each query has its panel, and one can be taken away", async () => {
  const { user, where } = await page("?query=up&query=node_load1");
  expect(await screen.findByRole("img", { name: /^up:/ })).toBeInTheDocument();
  expect(await screen.findByRole("img", { name: /^node_load1:/ })).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "More for Query A" }));
  await user.click(await screen.findByRole("menuitem", { name: "Remove this query" }));
  await waitFor(() => expect(where()).not.toContain("query=up"));
  expect(where()).toContain("query=node_load1");
});

test("as a table it is asked for one moment", async () => {
  await page("?query=up&view=table");
  const table = await screen.findByRole("table", { name: "Values of up" });
  expect(within(table).getByRole("columnheader", { name: "Cluster" })).toBeInTheDocument();
  expect(asked[0]).not.toHaveProperty("step");
});

test("who has not answered is named, beside what the others have", async () => {
  const late = missing("west", "TIMEOUT", "no answer in 30 s");
  answered(answer({ results: [result("east")], clusters_succeeded: 1, missing: [late] }), 206);
  const { user } = await page("?query=up");
  expect(await screen.findByText(/1 of 2 clusters answered: west \(timeout\)/)).toBeInTheDocument();
  expect(screen.getByRole("img", { name: /^up: 1 series/ })).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Ask again" }));
  await waitFor(() => expect(asked).toHaveLength(2));
});

test("text that is no PromQL is told at its place, and not remembered", async () => {
  const details = { position: 3, line: 1, column: 4, message: "unexpected )" };
  answered({ error: { code: "INVALID_PROMQL", message: "the query is not valid PromQL", details } }, 400);
  await page("?query=up)");
  expect(await screen.findByText("Character 4: unexpected ).")).toBeInTheDocument();
  expect(LIBRARIES.promql.getState().recent).toEqual([]);
});

test("where none has answered for one reason, the reason stands there", async () => {
  const reason = "connection refused";
  const details = {
    clusters_queried: 2,
    missing: [missing("east", "UNREACHABLE", reason), missing("west", "UNREACHABLE", reason)],
  };
  answered({ error: { code: "UPSTREAM_FAILED", message: "no cluster has answered", details } }, 502);
  await page("?query=up");
  expect(await screen.findByText(/None of 2 clusters answered/)).toBeInTheDocument();
  expect(screen.getByText(reason)).toBeInTheDocument();
});

test("nothing found is said with what to try", async () => {
  answered(answer({ results: [result("east", { data: [] })], clusters_queried: 1, clusters_succeeded: 1 }));
  await page(`?query=${encodeURIComponent('up{job!="x"}')}`);
  expect(await screen.findByRole("heading", { name: "No series" })).toBeInTheDocument();
  expect(screen.getByText(/Check names and labels/)).toBeInTheDocument();
});

test("a comparison that holds for nothing is not told as a fault of the query", async () => {
  answered(answer({ results: [result("east", { data: [] })], clusters_queried: 1, clusters_succeeded: 1 }));
  await page(`?query=${encodeURIComponent('up{job!="x"} == 0')}`);
  expect(await screen.findByText(/the comparison holds for none/)).toBeInTheDocument();
});

test("a query that takes long can be cancelled, and run again", async () => {
  hub.use(http.post("*/api/v1/metrics/query_range", () => delay("infinite")));
  const { user } = await page("?query=up");
  await user.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("heading", { name: "Cancelled" })).toBeInTheDocument();
  answered(answer());
  await user.click(screen.getByRole("button", { name: "Run it again" }));
  expect(await screen.findByRole("img", { name: /^up: 2 series/ })).toBeInTheDocument();
});

test("in the past, now is the instant that is shown", async () => {
  await page("?query=up&as_of=2026-01-31T12:00:00Z");
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]).toMatchObject({
    start_time: "2026-01-31T11:00:00.000Z",
    end_time: "2026-01-31T12:00:00.000Z",
  });
  expect(screen.queryByRole("button", { name: /Refreshing/ })).not.toBeInTheDocument();
});

test("a query is saved by a name, and is there to be run and removed, which can be undone", async () => {
  const { user, where } = await page("?query=up");
  await user.click(await screen.findByRole("button", { name: "More for Query A" }));
  await user.click(await screen.findByRole("menuitem", { name: /Save by a name/ }));
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "What is up{Enter}");
  const drawer = await screen.findByRole("complementary", { name: "Queries" });
  expect(await within(drawer).findByRole("button", { name: /^What is up/ })).toBeInTheDocument();
  expect(where()).toContain("library=saved");
  await user.click(within(drawer).getByRole("button", { name: "Remove What is up" }));
  expect(LIBRARIES.promql.getState().saved).toEqual([]);
  await user.click(within(drawer).getByRole("button", { name: "Undo" }));
  expect(LIBRARIES.promql.getState().saved.map(({ name }) => name)).toEqual(["What is up"]);
});

test("what looks like a secret is not kept", () => {
  const { remember } = LIBRARIES.promql.getState();
  remember('up{token="abc"}');
  remember('up{a="eyJhbGciOiJSUzI1NiJ9.x"}');
  remember("up");
  expect(LIBRARIES.promql.getState().recent.map(({ query }) => query)).toEqual(["up"]);
});
