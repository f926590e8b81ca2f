import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";

import type { QueryEditorProps } from "@/components/query-editor/query-editor";
import { LIBRARIES } from "@/features/observability/library/store";
import { MetricsPage } from "@/features/observability/metrics/page";
import { readMetricsSearch } from "@/features/observability/search";
import type { MetricQuery, MetricSeries, RcaSeen, RcaView } from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));
vi.mock("@/components/query-editor/query-editor", () => ({
  QueryEditor: ({ label, value }: QueryEditorProps) => <textarea aria-label={label} value={value} readOnly />,
}));
// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/chart/figure"));

const PATIENT = { timeout: 5_000 };
vi.setConfig({ testTimeout: 20_000 });

const EAST = "00000000-0000-4000-8000-c00000000001";
const WEST = "00000000-0000-4000-8000-c00000000002";
const WINDOW = "from=2026-01-31T12:00:00.000Z&to=2026-01-31T13:00:00.000Z";
const START = Date.parse("2026-01-31T12:00:00Z") / 1000;

/** Every minute from as long before the window; `jumps`: it is five times as high in it. */
const series = (jumps: boolean, labels: Record<string, string> = {}): MetricSeries => ({
  metric: { __name__: "node_load1", ...labels },
  values: Array.from({ length: 120 }, (_, at) => {
    const time = START - 3_600 + (at + 1) * 60;
    return [time, String((jumps && time > START ? 10 : 2) + (at % 3) / 10)] as [number, string];
  }),
});

const cause: RcaView = {
  id: "00000000-0000-4000-8000-d00000000001",
  trigger: "WINDOW",
  trigger_id: EAST,
  incident_id: null,
  cluster_ids: [EAST],
  window_start: "2026-01-31T12:00:00Z",
  window_end: "2026-01-31T13:00:00Z",
  first_sequence: 1,
  last_sequence: 9,
  signals: 3,
  is_known: true,
  causes: [
    {
      entity: { cluster_id: EAST, place: "node/worker-3" },
      kind: "node",
      score: 0.91,
      claims: [{ text: "KubeNodeNotReady of node/worker-3 since 12:10", cited: [4], is_fact: true }],
    },
  ],
  explanation: "node/worker-3 explains 2 of 3.",
  analysed_at: "2026-01-31T13:00:05Z",
  sequence: 10,
  redacted: false,
};
const calm: RcaView = { ...cause, signals: 0, is_known: false, causes: [], explanation: "Nothing was wrong." };

let asked: MetricQuery[];
let looked: object[];

function answered(of: { name: string; id: string | null; data: MetricSeries[] }[]) {
  const results = of.map(({ name, id, data }) => ({
    cluster_id: id,
    cluster_name: id === null ? null : name,
    status: "SUCCESS",
    result_type: "MATRIX",
    code: null,
    error: null,
    warnings: [],
    query_time_ms: 1,
    cached: false,
    data,
  }));
  hub.use(
    http.post("*/api/v1/metrics/query_range", async ({ request }) => {
      asked.push((await request.json()) as MetricQuery);
      return HttpResponse.json({ results, clusters_queried: 2, clusters_succeeded: 2, missing: [], warnings: [], total_query_time_ms: 1 });
    }),
  );
}

function analysing(answer: (cluster: string) => Response) {
  hub.use(
    http.post("*/api/v1/analysis/rca", async ({ request }) => {
      const body = (await request.json()) as { cluster_id: string };
      looked.push(body);
      return answer(body.cluster_id) as never;
    }),
  );
}

const page = (search: string) =>
  show(<MetricsPage />, { at: `/observability/metrics?query=node_load1&${search}`, path: "/observability/metrics", readSearch: readMetricsSearch });
const drawer = async () => within(await screen.findByRole("complementary", { name: "Explanation" }, PATIENT));

beforeEach(() => {
  asked = [];
  looked = [];
  LIBRARIES.promql.setState({ recent: [], saved: [] });
  answered([
    { name: "west", id: WEST, data: [series(false)] },
    { name: "east", id: EAST, data: [series(true)] },
  ]);
  analysing((cluster) => HttpResponse.json(cluster === EAST ? cause : calm, { status: 201 }) as unknown as Response);
});

test("a chart's window is explained by what differs from as long a time before, in words", async () => {
  const { user, where } = await page(WINDOW);
  await user.click(await screen.findByRole("button", { name: "Explain this window" }, PATIENT));
  expect(where()).toContain("explain=A");
  const shown = await drawer();
  const found = within(await shown.findByRole("list", { name: "What differs, most first" }, PATIENT)).getAllByRole("listitem");
  expect(found).toHaveLength(1);
  expect(found[0]).toHaveTextContent(/^east rose from 2\.1 to 10\.1 \(381 % more\), .* times as far as it usually strays$/);
  expect(shown.getByText("1 of 2 series differs from before.")).toBeInTheDocument();
  expect(asked.at(-1)).toMatchObject({ start_time: "2026-01-31T11:00:00.000Z", end_time: "2026-01-31T13:00:00.000Z" });
});

test("for each cluster it tells what was wrong in that time, the one that differs most first", async () => {
  const { user } = await page(`${WINDOW}&explain=A`);
  const part = within(await (await drawer()).findByRole("region", { name: "What was wrong there" }, PATIENT));
  const links = part.getAllByRole("link");
  expect(links.map((each) => each.getAttribute("aria-label") ?? each.textContent)).toEqual([
    "east",
    "Events of east in that time",
    "west",
    "Events of west in that time",
  ]);
  expect(decodeURIComponent(links[1]!.getAttribute("href")!)).toContain(
    `/events?cluster_id=${EAST}&from=2026-01-31T12:00:00.000Z&to=2026-01-31T13:00:00.000Z`,
  );
  await user.click(await part.findByRole("button", { name: "Look at all 2" }));
  expect(await part.findByText("node worker-3", {}, PATIENT)).toBeInTheDocument();
  expect(part.getByRole("link", { name: "event 4" })).toBeInTheDocument();
  expect(await part.findByText("Nothing was wrong that the log tells of.", {}, PATIENT)).toBeInTheDocument();
  const window = { start: "2026-01-31T12:00:00.000Z", end: "2026-01-31T13:00:00.000Z" };
  expect(looked).toEqual([{ cluster_id: EAST, ...window }, { cluster_id: WEST, ...window }]);
});

test("what was seen live is named beside the events, and opens as its query over the time that was asked", async () => {
  const query = 'node_load1{instance="worker-3"}';
  const [start, end] = ["2026-01-31T11:55:00Z", "2026-01-31T13:05:00Z"];
  const seen: RcaSeen = {
    cluster_id: EAST,
    backend: "PROMETHEUS",
    name: "LOAD_HIGH",
    severity: "WARNING",
    where: ["node/worker-3"],
    text: "load of worker-3 rose",
    query,
    start,
    end,
    began_at: "2026-01-31T12:09:00Z",
  };
  const live = { seen: [seen], calls: [], looks: [{ cluster_id: EAST, backend: "PROMETHEUS" as const }] };
  const [first] = cause.causes;
  const causes = [{ ...first!, claims: [{ ...first!.claims[0]!, seen: [0] }] }];
  analysing((cluster) =>
    HttpResponse.json({ ...(cluster === EAST ? { ...cause, causes } : calm), live }, { status: 201 }) as unknown as Response,
  );
  const { user } = await page(`${WINDOW}&explain=A`);
  const part = within(await (await drawer()).findByRole("region", { name: "What was wrong there" }, PATIENT));
  await user.click(await part.findByRole("button", { name: "Look at all 2" }));
  const block = (name: string) => part.findByRole("region", { name: `Seen in metrics, logs and traces of ${name}` }, PATIENT);
  const link = await part.findByRole("link", { name: "metric: load of worker-3 rose" }, PATIENT);
  const chip = new URL(link.getAttribute("href")!, "http://hub");
  expect(chip.pathname).toBe("/observability/metrics");
  expect([chip.searchParams.get("from"), chip.searchParams.get("to")]).toEqual([start, end]);
  expect(chip.searchParams.get("query")).toContain(query);
  expect(within(await block("east")).getByText("Load high")).toBeInTheDocument();
  // Of a cluster in which nothing was wrong, too.
  expect(await part.findByText("Nothing was wrong that the log tells of.", {}, PATIENT)).toBeInTheDocument();
  expect(await block("west")).toBeInTheDocument();
});

test("that the hub refuses is told, and can be asked again", async () => {
  analysing(
    () =>
      HttpResponse.json({ error: { code: "FORBIDDEN", message: "a viewer may not do this", details: {} } }, { status: 403 }) as unknown as Response,
  );
  const { user } = await page(`${WINDOW}&explain=A`);
  const shown = await drawer();
  await user.click(await shown.findByRole("button", { name: "Look at east" }, PATIENT));
  expect(await shown.findByText(/a viewer may not do this/i, {}, PATIENT)).toBeInTheDocument();
  expect(shown.getByRole("button", { name: "Look again at east" })).toBeEnabled();
});

test("whoever may only read is told why there is nothing to press", async () => {
  asking({ role: "viewer" });
  await page(`${WINDOW}&explain=A`);
  const shown = await drawer();
  expect(await shown.findByText(/one has to be an operator/, {}, PATIENT)).toBeInTheDocument();
  expect(shown.queryByRole("button", { name: /^Look/ })).not.toBeInTheDocument();
});

test("a window of more than a day is compared, but not looked into", async () => {
  await page("from=2026-01-29T00:00:00.000Z&to=2026-01-31T13:00:00.000Z&explain=A");
  const shown = await drawer();
  expect(await shown.findByText(/for a day at most/, {}, PATIENT)).toBeInTheDocument();
  expect(shown.queryByRole("button", { name: /^Look/ })).not.toBeInTheDocument();
});

test("of series that are put together over clusters there is no cluster to look into", async () => {
  answered([{ name: "", id: null, data: [series(true)] }]);
  await page(`${WINDOW}&explain=A&agg=SUM`);
  expect(await (await drawer()).findByText(/No series of the chart is of one cluster alone/, {}, PATIENT)).toBeInTheDocument();
});

test("too few values, and a failure, are told", async () => {
  answered([{ name: "east", id: EAST, data: [{ metric: {}, values: [[START - 60, "1"], [START + 60, "2"]] }] }]);
  const { unmount } = await page(`${WINDOW}&explain=A`);
  expect(await (await drawer()).findByText(/too few values to compare/, {}, PATIENT)).toBeInTheDocument();
  unmount();
  hub.use(http.post("*/api/v1/metrics/query_range", () => HttpResponse.json({ error: { code: "QUERY_TIMEOUT", message: "too slow", details: {} } }, { status: 504 })));
  await page(`${WINDOW}&explain=A`);
  expect(await (await drawer()).findByText(/The series could not be loaded/, {}, PATIENT)).toBeInTheDocument();
});

test("Escape and its button close it, and the library takes its place", async () => {
  const { user, where } = await page(`${WINDOW}&explain=A`);
  await drawer();
  await user.click(screen.getByRole("button", { name: "Recent and saved" }));
  await waitFor(() => expect(screen.queryByRole("complementary", { name: "Explanation" })).not.toBeInTheDocument());
  await user.click(screen.getByRole("button", { name: "Recent and saved" }));
  await user.click((await drawer()).getByRole("button", { name: "Close" }));
  expect(where()).not.toContain("explain");
});
