import { screen, waitFor, within } from "@testing-library/react";
import { delay, http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { LIBRARIES } from "@/features/observability/library/store";
import { LogsPage } from "@/features/observability/logs/page";
import { readLogsSearch } from "@/features/observability/search";
import type { ClusterLogs, LogLine, LogRangeQuery } from "@/generated/api.schemas";
import { getListLogLabelsResponseMock, getQueryLogsRangeResponseMock } from "@/generated/api.msw";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const TRACE = "462bb88a6b8528f9704135ada1ead60e";
const cluster = { cluster_id: "c-1", cluster_name: "edge-1" };
const line = (second: number, message: string): LogLine => ({
  ...cluster,
  timestamp: `2026-11-26T04:00:${String(second).padStart(2, "0")}.000000000Z`,
  stream: { namespace: "shop", pod: "cart-1" },
  message,
});
const told = (type: string, data: ClusterLogs["data"] = []): ClusterLogs => ({
  ...cluster,
  status: "SUCCESS",
  result_type: type,
  data,
  code: null,
  error: null,
  warnings: [],
  query_time_ms: 1,
});
const whole = { clusters_queried: 1, clusters_succeeded: 1, missing: [], warnings: [] };
const isCounting = ({ query }: LogRangeQuery) => query.includes("count_over_time");
const QUERY = '{namespace="shop"}';

/** A hub with these lines; what it is asked for, but for the counting. */
function withLines(...pages: LogLine[][]): LogRangeQuery[] {
  const asked: LogRangeQuery[] = [];
  hub.use(
    http.post("*/api/v1/logs/query_range", async ({ request }) => {
      const body = (await request.json()) as LogRangeQuery;
      if (isCounting(body)) {
        const at = Date.parse(body.start_time!) / 1000;
        const results = [told("MATRIX", [{ metric: {}, values: [[at, "1234"]] }])];
        return HttpResponse.json(getQueryLogsRangeResponseMock({ ...whole, entries: [], results }));
      }
      asked.push(body);
      const entries = pages[asked.length - 1] ?? [];
      return HttpResponse.json(getQueryLogsRangeResponseMock({ ...whole, entries, results: [told("STREAMS")] }));
    }),
  );
  return asked;
}

const page = (search: Record<string, string>) =>
  show(<LogsPage />, {
    at: `/observability/logs?${new URLSearchParams(search)}`,
    path: "/observability/logs",
    readSearch: readLogsSearch,
  });

test("lines are shown with their level, and all of them are counted by the clusters", async () => {
  withLines([line(9, "level=error msg=refused"), line(8, "fine")]);
  await page({ query: QUERY });
  const rows = within(await screen.findByRole("table", { name: "Log lines" })).getAllByRole("row");
  expect(rows[0]).toHaveTextContent(/ERROR.*edge-1.*refused/);
  expect(await screen.findByText(/1,234 lines · counted per 1 min by 1 cluster/)).toBeVisible();
});

test("where the clusters cannot count, the bars say that they count only what is shown", async () => {
  hub.use(
    http.post("*/api/v1/logs/query_range", async ({ request }) => {
      const body = (await request.json()) as LogRangeQuery;
      if (isCounting(body)) {
        const error = { code: "INVALID_LOGQL", message: "pipeline error", details: {}, trace_id: "" };
        return HttpResponse.json({ error }, { status: 400 });
      }
      return HttpResponse.json(
        getQueryLogsRangeResponseMock({ ...whole, entries: [line(1, "one")], results: [told("STREAMS")] }),
      );
    }),
  );
  await page({ query: QUERY });
  expect(await screen.findByText(/only the lines below/)).toBeVisible();
});

test("an open line leads to its trace and pod, and narrows the query by a label", async () => {
  withLines([line(9, `failed trace_id=${TRACE}`)]);
  const { user, where } = await page({ query: QUERY });
  await user.click(await screen.findByRole("button", { name: "Details of this line" }));
  expect(screen.getByRole("link", { name: /^Trace 462bb88a/ })).toHaveAttribute(
    "href",
    expect.stringContaining(`trace=${TRACE}`),
  );
  expect(screen.getByRole("link", { name: "CPU of the pod" })).toHaveAttribute(
    "href",
    expect.stringMatching(/metrics\?query=.*cart-1.*clusters=c-1/),
  );
  expect(screen.getByRole("link", { name: "Around pod cart-1" })).toHaveAttribute("href", expect.stringMatching(/near=pod\/.*\/cart-1@c-1/));
  await user.click(screen.getByRole("button", { name: "Without pod cart-1" }));
  expect(decodeURIComponent(where()).replaceAll("+", " ")).toContain('{namespace="shop", pod!="cart-1"}');
});

test("older lines are read when the end is near, and none is shown twice", async () => {
  const first = Array.from({ length: 500 }, (_, at) => line(50, `line ${at}`));
  const asked = withLines(first, [first[499]!, line(49, "the oldest")]);
  await page({ query: QUERY });
  const table = await screen.findByRole("table", { name: "Log lines" });
  expect(asked[0]).toMatchObject({ query: QUERY, direction: "BACKWARD", limit: 500 });
  table.focus();
  // jsdom shows only the first lines; the last of them is reached by its key.
  Object.defineProperty(table, "scrollTop", { configurable: true, value: 500 * 28 });
  table.dispatchEvent(new Event("scroll"));
  await waitFor(() => expect(asked).toHaveLength(2));
  expect(asked[1]).toMatchObject({ end_time: "2026-11-26T04:00:50.000001Z", start_time: asked[0]!.start_time });
  await waitFor(() => expect(screen.getByRole("status")).toHaveTextContent(/^501 lines$/));
});

test("words found in the lines are marked, others are left out; the clusters can be asked for them", async () => {
  withLines([line(9, "timeout in cart"), line(8, "fine")]);
  const { user, where } = await page({ query: QUERY });
  await user.type(await screen.findByRole("textbox", { name: "Find in these lines" }), "TIMEOUT");
  expect(await screen.findByText("timeout", { selector: "mark" })).toBeVisible();
  await waitFor(() => expect(screen.queryByText("fine")).toBeNull());
  expect(screen.getByRole("status")).toHaveTextContent("1 of 2 lines read");
  await user.click(screen.getByRole("button", { name: "Ask the clusters for “TIMEOUT”" }));
  expect(new URLSearchParams(where().split("?")[1]).get("query")).toBe('{namespace="shop"} |= "TIMEOUT"');
});

test("who knows no LogQL chooses labels and values, and runs what that makes", async () => {
  const asked = withLines([line(1, "one")]);
  hub.use(
    http.get("*/api/v1/logs/labels", () =>
      HttpResponse.json(getListLogLabelsResponseMock({ ...whole, data: ["namespace", "pod"] })),
    ),
    http.get("*/api/v1/logs/label/namespace/values", () =>
      HttpResponse.json(getListLogLabelsResponseMock({ ...whole, data: ["orders", "shop"] })),
    ),
  );
  const { user } = await page({});
  await user.click(screen.getByRole("button", { name: "choose by labels" }));
  await user.click(await screen.findByRole("checkbox", { name: "shop" }));
  await user.click(await screen.findByRole("checkbox", { name: "orders" }));
  await user.click(screen.getByRole("button", { name: "Show lines" }));
  await waitFor(() => expect(asked[0]?.query).toBe('{namespace=~"shop|orders"}'));
});

test("what was asked before is kept, can be saved by a name, and asked again", async () => {
  LIBRARIES.logql.setState({ recent: [], saved: [] });
  const asked = withLines([line(1, "one")], [line(2, "two")]);
  const { user } = await page({ query: QUERY, library: "recent" });
  const drawer = await screen.findByRole("complementary", { name: "Queries" });
  expect(await within(drawer).findByRole("button", { name: /namespace="shop"/ })).toBeVisible();
  await user.click(within(drawer).getByRole("button", { name: "Save by a name…" }));
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "The shop{Enter}");
  await user.click(await within(drawer).findByRole("button", { name: /^The shop/ }));
  expect(await screen.findByText("two")).toBeVisible();
  expect(asked.map(({ query }) => query)).toEqual([QUERY, QUERY]);
});

test("a query that takes long can be cancelled; lines of the one before do not pass for its answer", async () => {
  withLines([line(1, "one")]);
  const { user } = await page({ query: QUERY });
  await screen.findByText("one");
  hub.use(http.post("*/api/v1/logs/query_range", () => delay("infinite")));
  await user.click(screen.getByRole("button", { name: "Details of this line" }));
  await user.click(screen.getByRole("button", { name: "Only pod cart-1" }));
  await user.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("heading", { name: "Cancelled" })).toBeVisible();
  expect(screen.queryByText("one")).toBeNull();
  withLines([line(2, "two")]);
  await user.click(screen.getByRole("button", { name: "Run it again" }));
  expect(await screen.findByText("two")).toBeVisible();
});

test("who has not answered is said, with the lines of the others", async () => {
  const missing = [{ cluster_id: "c-2", cluster_name: "edge-2", code: "QUERY_TIMEOUT", reason: "took over 30 s" }];
  hub.use(
    http.post("*/api/v1/logs/query_range", () =>
      HttpResponse.json(
        getQueryLogsRangeResponseMock({
          ...whole,
          clusters_queried: 2,
          missing,
          entries: [line(1, "one")],
          results: [told("STREAMS")],
        }),
        { status: 206 },
      ),
    ),
  );
  await page({ query: QUERY });
  expect(await screen.findByText(/1 of 2 clusters answered: edge-2 \(query timeout\)/)).toBeVisible();
  expect(screen.getByText("one")).toBeVisible();
});

test("a fleet without a Loki is told what to do", async () => {
  hub.use(
    http.post("*/api/v1/logs/query_range", () =>
      HttpResponse.json(
        getQueryLogsRangeResponseMock({ ...whole, clusters_queried: 0, clusters_succeeded: 0, entries: [], results: [] }),
      ),
    ),
  );
  await page({ query: QUERY });
  expect(await screen.findByRole("heading", { name: "No cluster has a Loki" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Go to the clusters" })).toHaveAttribute("href", "/clusters");
});

test("what the clusters do not understand is said, and is no failure of the hub", async () => {
  const error = { code: "INVALID_LOGQL", message: "parse error at line 1, col 2", details: {}, trace_id: "" };
  hub.use(http.post("*/api/v1/logs/query_range", () => HttpResponse.json({ error }, { status: 400 })));
  await page({ query: "{nonsense" });
  expect(await screen.findByRole("heading", { name: "The clusters do not understand this query" })).toBeVisible();
});

test("in the past nothing is followed, and the lines are those up to then", async () => {
  const follow = vi.spyOn(globalThis, "WebSocket");
  const asked = withLines([line(1, "one")]);
  await page({ query: QUERY, tail: "true", as_of: "2026-11-20T12:00:00.000Z" });
  expect(await screen.findByText("one")).toBeVisible();
  expect(screen.getByRole("button", { name: "Follow" })).toHaveAttribute("aria-disabled", "true");
  expect(asked[0]).toMatchObject({ end_time: "2026-11-20T12:00:00.000Z" });
  expect(follow).not.toHaveBeenCalled();
});
