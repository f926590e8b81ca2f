import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { LIBRARIES } from "@/features/observability/library/store";
import { TracesPage } from "@/features/observability/traces/page";
import { readTracesSearch } from "@/features/observability/search";
import { getGetServiceMapResponseMock, getGetTraceResponseMock, getSearchTracesResponseMock } from "@/generated/api.msw";
import type { TraceFound, TraceQuery, TraceSpan } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const cluster = { cluster_id: "c-1", cluster_name: "edge-1" };
const whole = { clusters_queried: 2, clusters_succeeded: 2, missing: [], warnings: [] };
const missing = [{ cluster_id: "c-2", cluster_name: "edge-2", code: "QUERY_TIMEOUT", reason: "took over 30 s" }];
const START = "2026-11-26T04:00:00.000000000Z";
const found = (id: string, milliseconds: number, errors = false): TraceFound => ({
  ...cluster,
  trace_id: id,
  clusters: [cluster],
  root_service: "gateway",
  root_operation: `GET /${id}`,
  start_time: START,
  duration_ms: milliseconds,
  span_count: 3,
  service_count: 2,
  has_errors: errors,
});
const span = (id: string, parent: string | null, more: Partial<TraceSpan> = {}): TraceSpan => ({
  ...cluster,
  span_id: id,
  parent_span_id: parent,
  operation_name: `op ${id}`,
  service_name: "shop",
  start_time: START,
  duration_ms: 10,
  status: "UNSET",
  tags: {},
  logs: [],
  ...more,
});

const page = (search: Record<string, string> = {}) =>
  show(<TracesPage />, {
    at: `/observability/traces?${new URLSearchParams(search)}`,
    path: "/observability/traces",
    readSearch: readTracesSearch,
  });

function withTraces(...traces: TraceFound[]): TraceQuery[] {
  const asked: TraceQuery[] = [];
  hub.use(
    http.post("*/api/v1/traces/search", async ({ request }) => {
      asked.push((await request.json()) as TraceQuery);
      return HttpResponse.json(getSearchTracesResponseMock({ ...whole, traces }));
    }),
  );
  return asked;
}

function withTrace(spans: TraceSpan[], more: object = {}) {
  const trace = { ...found("ab12", 10), ...whole, spans, critical_path: [], ...more };
  hub.use(http.get("*/api/v1/traces/ab12", () => HttpResponse.json(getGetTraceResponseMock(trace))));
}

test("the newest traces are there without a question, and sort by what took longest", async () => {
  const asked = withTraces(found("a1", 20), found("b2", 900, true));
  const { user, where } = await page();
  const table = await screen.findByRole("table", { name: "Traces" });
  expect(asked[0]).toMatchObject({ traceql: "{}", limit: 100 });
  expect(within(table).getAllByRole("row")[1]).toHaveTextContent("GET /a1");
  await user.click(within(table).getByRole("button", { name: "Duration" }));
  await user.click(within(table).getByRole("button", { name: "Duration" }));
  await waitFor(() => expect(within(table).getAllByRole("row")[1]).toHaveTextContent(/GET \/b2.*900 ms.*Error/));
  expect(where()).toContain("sort=-duration");
});

test("parts of the search are in the address, and become TraceQL that can be gone on with", async () => {
  const asked = withTraces(found("a1", 20));
  const { user, where } = await page();
  await user.type(await screen.findByRole("combobox", { name: "Service" }), "shop{Enter}");
  await user.type(screen.getByRole("spinbutton", { name: "At least (ms)" }), "250{Enter}");
  await user.type(screen.getByRole("textbox", { name: "Tag" }), "http.route=/cart{Enter}");
  await user.click(screen.getByRole("checkbox", { name: "With errors only" }));
  const traceql =
    '{ resource.service.name = "shop" && traceDuration >= 250ms && .http.route = "/cart" && status = error }';
  await waitFor(() => expect(asked.at(-1)?.traceql).toBe(traceql));
  expect(where()).toMatch(/service=shop/);
  await user.click(screen.getByRole("button", { name: "Write TraceQL" }));
  await waitFor(() => expect(new URLSearchParams(where().split("?")[1]).get("query")).toBe(traceql));
});

test("TraceQL of before is kept, and asked again in place of the form", async () => {
  LIBRARIES.traceql.setState({ recent: [], saved: [] });
  withTraces(found("a1", 20));
  const { user, where } = await page({ query: "{ status = error }" });
  await screen.findByRole("table", { name: "Traces" });
  await user.click(screen.getByRole("button", { name: "Back to the form" }));
  await user.type(await screen.findByRole("combobox", { name: "Service" }), "shop{Enter}");
  await user.click(screen.getByRole("button", { name: "Recent and saved" }));
  const drawer = await screen.findByRole("complementary", { name: "Queries" });
  await user.click(within(drawer).getByRole("button", { name: /status = error/ }));
  await waitFor(() => expect(new URLSearchParams(where().split("?")[1]).get("query")).toBe("{ status = error }"));
  expect(where()).not.toContain("service=");
});

test("a row opens its trace, and the way back leads to the list", async () => {
  withTraces(found("ab12", 20));
  withTrace([span("a", null), span("b", "a", { service_name: "cart" })]);
  const { user, where } = await page({ service: "shop" });
  await user.click(await screen.findByText("GET /ab12"));
  expect(await screen.findByRole("treegrid", { name: "2 spans" })).toBeVisible();
  expect(where()).toContain("trace=ab12");
  await user.click(screen.getByRole("button", { name: "‹ Traces" }));
  expect(await screen.findByRole("table", { name: "Traces" })).toBeVisible();
  expect(where()).toMatch(/service=shop$/);
});

test("arrow keys walk and fold the tree, Enter opens a span", async () => {
  withTrace([
    span("a", null),
    span("b", "a", { operation_name: "charge", status: "ERROR", tags: { "k8s.namespace.name": "shop", code: 500 } }),
  ]);
  const { user, where } = await page({ trace: "ab12" });
  const tree = await screen.findByRole("treegrid");
  tree.focus();
  await user.keyboard("{ArrowLeft}");
  expect(within(tree).getAllByRole("row")).toHaveLength(1);
  expect(within(tree).getByText("+1, 1 error")).toBeVisible();
  await user.keyboard("{ArrowRight}{ArrowDown}{Enter}");
  const detail = await screen.findByRole("complementary", { name: "Span" });
  expect(detail).toHaveTextContent(/charge.*Error.*code.*500/);
  expect(where()).toContain("span=b");
  expect(within(detail).getByRole("link", { name: "Around service shop" })).toBeVisible();
  expect(within(detail).getByRole("link", { name: "Logs of the namespace around it" })).toHaveAttribute(
    "href",
    expect.stringMatching(/logs\?query=.*shop.*clusters=c-1.*from=/),
  );
  await user.keyboard("{Escape}");
  await waitFor(() => expect(where()).not.toContain("span="));
});

test("a tag of a span leads to all traces that have it, whatever was searched for before", async () => {
  const asked = withTraces(found("ab12", 20));
  withTrace([span("a", null, { tags: { "http.route": "/cart" } })]);
  const { user } = await page({ trace: "ab12", span: "a", min: "500", errors: "true" });
  await user.click(await screen.findByRole("button", { name: "Traces with http.route=/cart" }));
  await waitFor(() => expect(asked.at(-1)?.traceql).toBe('{ .http.route = "/cart" }'));
});

test("words in spans are counted and gone to, also where they are folded away", async () => {
  withTrace([span("a", null), span("b", "a"), span("c", "b", { tags: { sql: "select" } })]);
  const { user } = await page({ trace: "ab12" });
  const tree = await screen.findByRole("treegrid");
  await user.click(screen.getByRole("button", { name: /^Fold 2 spans below op a/ }));
  expect(within(tree).queryByText(/op c/)).toBeNull();
  await user.type(screen.getByRole("textbox", { name: "Find in spans" }), "select{Enter}");
  expect(await within(tree).findByText(/op c/)).toBeVisible();
  expect(tree).toHaveAttribute("aria-activedescendant", "span-c");
});

test("of ten thousand spans only those in view are in the document", async () => {
  withTrace(Array.from({ length: 10_000 }, (_, at) => span(`s${at}`, at === 0 ? null : "s0")));
  await page({ trace: "ab12" });
  const tree = await screen.findByRole("treegrid", { name: "10,000 spans" });
  expect(tree).toHaveAttribute("aria-rowcount", "10000");
  expect(within(tree).getAllByRole("row").length).toBeLessThan(80);
});

test("a trace of which a cluster may have more says so", async () => {
  withTrace([span("a", null), span("x", "gone")], { clusters_succeeded: 1, missing });
  await page({ trace: "ab12" });
  expect(await screen.findByText("This trace may have more spans, in edge-2.")).toBeVisible();
  expect(screen.getByText(/^1 span without a parent/)).toBeVisible();
});

test("a trace that nobody has: who was asked, and why that may be", async () => {
  const details = { clusters_queried: 2, clusters_succeeded: 1, missing };
  const error = { code: "NOT_FOUND", message: "no trace", details, trace_id: "" };
  hub.use(http.get("*/api/v1/traces/ab12", () => HttpResponse.json({ error }, { status: 404 })));
  await page({ trace: "ab12" });
  expect(await screen.findByRole("heading", { name: "No cluster has this trace" })).toBeVisible();
  expect(screen.getByText(/1 of 2 clusters answered/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Look again" })).toBeVisible();
});

test("a fleet without a Tempo is told what to do", async () => {
  hub.use(
    http.post("*/api/v1/traces/search", () =>
      HttpResponse.json(getSearchTracesResponseMock({ ...whole, clusters_queried: 0, clusters_succeeded: 0, traces: [] })),
    ),
  );
  await page();
  expect(await screen.findByRole("heading", { name: "No cluster has a Tempo" })).toBeVisible();
});

test("the service map leads to a service's traces, and is a table too", async () => {
  withTraces(found("a1", 20));
  const nodes = ["gateway", "shop"].map((name) => ({ name, spans: 50, errors: name === "shop" ? 1 : 0, clusters: ["edge-1"] }));
  const edges = [{ caller: "gateway", callee: "shop", calls: 50, errors: 1, p50_ms: 5, p95_ms: 453 }];
  hub.use(
    http.get("*/api/v1/traces/service-map", () =>
      HttpResponse.json(getGetServiceMapResponseMock({ ...whole, nodes, edges, traces_found: 50, traces_read: 48 })),
    ),
  );
  const { user, where } = await page({ view: "map", tag: "http.route=/cart", min: "500" });
  expect(await screen.findByText(/Of the 48 newest traces; 2 more could not be read/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Table" }));
  expect(screen.getAllByRole("row")[1]).toHaveTextContent(/gateway.*shop.*50.*1 \(2 %\).*453 ms/);
  await user.click(screen.getByRole("button", { name: "Map" }));
  await user.click(screen.getByRole("button", { name: /^shop/ }));
  expect(where()).toMatch(/service=shop/);
  expect(where()).not.toMatch(/view=map|tag=|min=/);
});
