import { screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";

import { differencesIn, explanation, PATIENT } from "@/components/explain/testing";
import { LogsPage } from "@/features/observability/logs/page";
import { readLogsSearch } from "@/features/observability/search";
import { getQueryLogsRangeResponseMock } from "@/generated/api.msw";
import type { ClusterLogs, LogRangeQuery } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));
// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/chart/figure"));

vi.setConfig({ testTimeout: 20_000 });

const CLUSTER = "00000000-0000-4000-8000-c00000000001";
const START = Date.parse("2026-11-26T04:00:00Z");
const WINDOW = { from: "2026-11-26T04:00:00.000Z", to: "2026-11-26T05:00:00.000Z" };
const LINES = '{namespace="shop"}';
const NUMBERS = 'sum(rate({namespace="shop"} [5m]))';

/** A value at a time is of the step before it. */
const values = ({ start_time, end_time, step }: LogRangeQuery, of: (isBefore: boolean, at: number) => number | undefined) => {
  const every = Number.parseInt(`${step}`, 10) * 1_000;
  const [first, end] = [Date.parse(start_time!), Date.parse(end_time!)];
  return Array.from({ length: Math.floor((end - first) / every) + 1 }, (_, at) => first + at * every).flatMap((time, at) => {
    const value = of(time <= START, at);
    return value === undefined ? [] : [[time / 1000, `${value}`] as [number, string]];
  });
};

let asked: LogRangeQuery[];

beforeEach(() => {
  asked = [];
  hub.use(
    http.post("*/api/v1/logs/query_range", async ({ request }) => {
      const body = (await request.json()) as LogRangeQuery;
      asked.push(body);
      const isCounted = body.query.includes("count_over_time");
      const data = isCounted
        ? [
            // None before: Loki tells nothing then, and no zero.
            { metric: { level: "error" }, values: values(body, (isBefore, at) => (isBefore ? undefined : 20 + (at % 3))) },
            { metric: { level: "info" }, values: values(body, (_, at) => 100 + (at % 5)) },
          ]
        : [{ metric: {}, values: values(body, (isBefore, at) => (isBefore ? 8 : 2) + (at % 3) / 10) }];
      const result_type = body.query === LINES ? "STREAMS" : "MATRIX";
      const one: Omit<ClusterLogs, "data" | "result_type"> = { cluster_id: CLUSTER, cluster_name: "edge-1", status: "SUCCESS", code: null, error: null, warnings: [], query_time_ms: 1 };
      const results = [{ ...one, result_type, data: result_type === "STREAMS" ? [] : data }];
      return HttpResponse.json(
        getQueryLogsRangeResponseMock({ entries: [], results, clusters_queried: 1, clusters_succeeded: 1, missing: [], warnings: [] }),
      );
    }),
  );
});

const page = (query: string, more: Record<string, string> = {}) =>
  show(<LogsPage />, {
    at: `/observability/logs?${new URLSearchParams({ query, ...WINDOW, ...more })}`,
    path: "/observability/logs",
    readSearch: readLogsSearch,
  });

test("lines are explained by how many of each level there were before; that there were none is a count", async () => {
  const { user, where } = await page(LINES);
  await user.click(await screen.findByRole("button", { name: "Explain this window" }, PATIENT));
  expect(where()).toContain("explain=true");
  const shown = await explanation();
  expect(await differencesIn(shown)).toEqual([expect.stringMatching(/^Lines of edge-1 \{level="error"\} rose from 0 to 21, and had hardly moved before$/)]);
  expect(shown.getByText("1 of 2 series differs from before.")).toBeInTheDocument();
  const { start_time, end_time, step } = asked.at(-1)!;
  expect([start_time, end_time, step]).toEqual(["2026-11-26T03:01:00.000Z", "2026-11-26T05:00:00.000Z", "60s"]);
  expect(await shown.findByRole("button", { name: "Look at edge-1" }, PATIENT)).toBeEnabled();
  await user.click(shown.getByRole("button", { name: "Close" }));
  expect(where()).not.toContain("explain");
});

test("numbers that LogQL makes are compared as they are", async () => {
  await page(NUMBERS, { explain: "true" });
  expect(await differencesIn(await explanation())).toEqual([expect.stringMatching(/^edge-1 fell from 8\.1 to 2\.1 \(74 % less\)/)]);
  expect(asked.at(-1)!.query).toBe(NUMBERS);
});
