import { screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";

import { differencesIn, explanation, PATIENT } from "@/components/explain/testing";
import { anomaly, answering, CLUSTER, showAnomaly, watch } from "@/features/anomalies/testing";
import { hub } from "@/testing/hub";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));
// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/chart/figure"));

vi.setConfig({ testTimeout: 20_000 });

const BEGAN = Date.parse("2026-01-31T12:00:00Z") / 1000;
const STEP = 15;

/** From ten minutes before it until it ended. */
const values = (before: number, now: number) =>
  Array.from({ length: 81 }, (_, at) => {
    const time = BEGAN + (at - 40) * STEP;
    return [time, (time <= BEGAN ? before : now) + (at % 3) / 10] as const;
  });

interface AskedRange {
  query: string;
  cluster_ids: string[];
  start_time: string;
  end_time: string;
}

let asked: AskedRange[];

/** The anomaly's series jumps, another of the same query does not. */
const withSeries = () =>
  hub.use(
    http.post("*/api/v1/metrics/query_range", async ({ request }) => {
      asked.push((await request.json()) as AskedRange);
      const data = [
        { metric: { __name__: "node_load1", instance: "worker-3" }, values: values(2, 9).map(([at, value]) => [at, `${value}`]) },
        { metric: { __name__: "node_load1", instance: "worker-4" }, values: values(1, 1).map(([at, value]) => [at, `${value}`]) },
      ];
      const result = { cluster_id: CLUSTER, cluster_name: "edge-1", status: "SUCCESS", result_type: "MATRIX", data, warnings: [] };
      return HttpResponse.json({ results: [result], clusters_queried: 1, clusters_succeeded: 1, missing: [], warnings: [] });
    }),
  );

beforeEach(() => {
  asked = [];
});

test("its series is compared with before it, beside others of the same query", async () => {
  answering({ one: anomaly(1), watches: [watch("node-load", { query: "node_load1" })] });
  withSeries();
  const { user, where } = await showAnomaly(1);
  await user.click(await screen.findByRole("button", { name: "Explain this window" }, PATIENT));
  expect(where()).toContain("explain=true");
  const shown = await explanation();
  expect(await differencesIn(shown)).toEqual([expect.stringMatching(/worker-3.* \(the anomaly's own\) rose from 2\.1 to 9\.1 \(333 % more\)/)]);
  expect(shown.getByText("1 of 2 series differs from before.")).toBeInTheDocument();
  expect(asked).toContainEqual(
    expect.objectContaining({ query: "node_load1", cluster_ids: [CLUSTER], start_time: "2026-01-31T11:50:00.000Z", end_time: "2026-01-31T12:10:00.000Z" }),
  );
  expect(await shown.findByRole("button", { name: "Look at edge-1" }, PATIENT)).toBeEnabled();
  await user.click(shown.getByRole("button", { name: "Close" }));
  expect(where()).not.toContain("explain");
});

test("where its watch is gone, its own series is compared", async () => {
  answering({ one: anomaly(1) });
  withSeries();
  await showAnomaly(1, "?explain=true");
  expect(await differencesIn(await explanation())).toHaveLength(1);
  expect(asked.map(({ query }) => query)).toContain('node_load1{instance="worker-3"}');
});

test("of a GPU its history is compared, in its own unit; the cluster is still to be looked at", async () => {
  answering({
    one: anomaly(1, { metric_name: "gpu_memory_used_mb", labels: { node: "gpu-1", gpu: "3", gpu_uuid: "GPU-7" }, watch_id: null }),
  });
  hub.use(
    http.get("*/api/v1/gpu/history", () => {
      const series = [{ gpu_uuid: "GPU-7", index: 3, metric: "memory_used_mb", points: values(1_000, 4_000) }];
      return HttpResponse.json({ cluster_id: CLUSTER, cluster_name: "edge-1", node_name: "gpu-1", source: "SAMPLES", step_seconds: STEP, series });
    }),
  );
  await showAnomaly(1, "?explain=true");
  const shown = await explanation();
  expect(await differencesIn(shown)).toEqual([expect.stringMatching(/^GPU 3 on gpu-1 rose from 1000 MiB to 3\.9 GiB/)]);
  expect(await shown.findByRole("button", { name: "Look at edge-1" }, PATIENT)).toBeEnabled();
});

test("of a measure without history nothing is compared", async () => {
  answering({
    one: anomaly(1, { metric_name: "gpu_ecc_uncorrected_total", labels: { node: "gpu-1", gpu: "3", gpu_uuid: "GPU-7" }, watch_id: null }),
  });
  await showAnomaly(1, "?explain=true");
  expect(await screen.findByText("Of this measure of a GPU no history is kept.")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Explain this window" })).not.toBeInTheDocument();
  expect(screen.queryByRole("complementary", { name: "Explanation" })).not.toBeInTheDocument();
});
