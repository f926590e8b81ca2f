import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, expect, test, vi } from "vitest";

import { aroundOf, isSeriesOf, queryOf, selectorOf, whileOf } from "@/features/anomalies/detail/around";
import { placesOf, rarity } from "@/features/anomalies/detail/evidence";
import { anomaly, anomalyId, answering, CLUSTER, showAnomaly, watch } from "@/features/anomalies/testing";
import { hub } from "@/testing/hub";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));

/** Several answers after each other, on a machine that may be busy. */
const PATIENT = { timeout: 5_000 };
vi.setConfig({ testTimeout: 20_000 });

beforeAll(() => import("@/components/chart/figure"));

test("an anomaly is explained, with its numbers and its series as its watch asks it", async () => {
  const heard = answering({ one: anomaly(1), watches: [watch("node-load", { query: "avg by (instance) (node_load1)" })] });
  await showAnomaly(1);
  expect(await screen.findByRole("heading", { name: "Spike of node_load1" })).toBeInTheDocument();
  expect(screen.getByText(/5\.5 above the 1 to 4 in which it was nearly always/)).toBeInTheDocument();
  const row = screen.getByRole("rowheader", { name: "Mean of 3 values" }).closest("tr");
  expect(row).toHaveTextContent(/9.*1 – 4.*1 in 1,000/);
  // Of the answer only its own series, the middle of what was usual, and the bound of the watch.
  expect(await screen.findByRole("img", { name: /^avg by .*: 3 series/ }, PATIENT)).toBeInTheDocument();
  expect(heard.metrics[0]).toMatchObject({ query: "avg by (instance) (node_load1)", cluster_ids: [CLUSTER] });
  expect(screen.getByRole("link", { name: /^Around/ })).toHaveAttribute("href", expect.stringContaining(`@${CLUSTER}`));
  const known = screen.getByRole("region", { name: "What is known of it" });
  expect(known).toHaveTextContent(/9\.5, \+375 %.*worker-3.*edge-1.*75 %.*Statistical/);
  expect(screen.getByRole("link", { name: "Its watch" })).toHaveAttribute("href", "/anomalies?tab=watches&watch=node-load");
});

test("of a GPU its history is drawn", async () => {
  const asked: URLSearchParams[] = [];
  answering({
    one: anomaly(1, { metric_name: "gpu_temperature_celsius", labels: { node: "gpu-1", gpu: "3", gpu_uuid: "GPU-7" }, watch_id: null }),
  });
  hub.use(
    http.get("*/api/v1/gpu/history", ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      const series = [{ gpu_uuid: "GPU-7", index: 3, metric: "temperature_celsius", points: [[1_769_860_800, 91]] }];
      return HttpResponse.json({ cluster_id: CLUSTER, cluster_name: "edge-1", node_name: "gpu-1", source: "SAMPLES", step_seconds: 15, series });
    }),
  );
  await showAnomaly(1);
  expect(await screen.findByRole("img", { name: /^GPU temperature of GPU 3 on gpu-1: 2 series.*91 °C/ }, PATIENT)).toBeInTheDocument();
  expect([asked[0]!.get("gpu_uuid"), asked[0]!.get("node_name"), asked[0]!.get("metric")]).toEqual(["GPU-7", "gpu-1", "temperature_celsius"]);
});

test("of a measure without history it is said that there is none", async () => {
  answering({
    one: anomaly(1, { metric_name: "gpu_ecc_uncorrected_total", labels: { node: "gpu-1", gpu: "3", gpu_uuid: "GPU-7" }, watch_id: null }),
  });
  await showAnomaly(1);
  expect(await screen.findByText("Of this measure of a GPU no history is kept.")).toBeInTheDocument();
  expect(screen.getAllByText(/GPU 3 on gpu-1/).length).toBeGreaterThan(0);
});

test("of a counter its rate is drawn, and its values are those of the rate", async () => {
  const heard = answering({
    one: anomaly(1, { metric_name: "node_network_receive_bytes_total", actual_value: 2_097_152 }),
    watches: [watch("node-load", { query: "node_network_receive_bytes_total", above: 20 })],
  });
  await showAnomaly(1);
  expect(await screen.findAllByText(/2(\.0)? Mi?B\/s/)).not.toHaveLength(0);
  await waitFor(() => expect(heard.metrics[0]?.query).toBe('rate(node_network_receive_bytes_total{instance="worker-3"}[5m])'));
  // One line, and the middle of what was usual; the bound is of values.
  expect(await screen.findByRole("img", { name: /^rate\(.*: 2 series/ }, PATIENT)).toBeInTheDocument();
});

test("a chart without the series itself says so", async () => {
  answering({ one: anomaly(1, { labels: { instance: "gone" } }), watches: [watch("node-load")] });
  await showAnomaly(1);
  expect(await screen.findByText(/The series itself is not in the answer/)).toBeInTheDocument();
});

test("where its watch is gone, the series is asked by its own name", async () => {
  const heard = answering({ one: anomaly(1) });
  await showAnomaly(1);
  expect(await screen.findByText(/Its watch has been removed/)).toBeInTheDocument();
  await waitFor(() => expect(heard.metrics[0]?.query).toBe('node_load1{instance="worker-3"}'));
});

test("one click says that it was noise, with why if one likes", async () => {
  const heard = answering({ one: anomaly(1), watches: [watch("node-load")] });
  const { user } = await showAnomaly(1);
  const part = within(await screen.findByRole("region", { name: "Was it right to tell this?" }));
  await user.type(await part.findByRole("textbox", { name: "Why, if you like" }), " backup ");
  await user.click(part.getByRole("button", { name: "Noise" }));
  expect(await part.findByText(/says ada.*“backup”/)).toBeInTheDocument();
  expect(part.getByRole("button", { name: "Noise" })).toHaveAttribute("aria-pressed", "true");
  expect(heard.feedback).toEqual([{ verdict: "NOISE", comment: "backup" }]);
});

test("whoever only reads sees what others said, and says nothing", async () => {
  answering({
    one: anomaly(1, { feedback: { verdict: "USEFUL", comment: "", given_by: "bob", given_at: "2026-01-31T13:00:00Z" } }),
    me: { role: "viewer" },
  });
  await showAnomaly(1);
  expect(await screen.findByText(/says bob/)).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Useful" })).not.toBeInTheDocument();
});

test("a refused word is told", async () => {
  answering({ one: anomaly(1), watches: [watch("node-load")] });
  hub.use(
    http.post("*/api/v1/anomalies/:id/feedback", () =>
      HttpResponse.json({ error: { code: "BUS_UNAVAILABLE", message: "The bus is away." } }, { status: 503 }),
    ),
  );
  const { user } = await showAnomaly(1);
  await user.click(await screen.findByRole("button", { name: "Useful" }));
  expect(await screen.findByText(/The bus is away/)).toBeInTheDocument();
});

test("one that is not there says why that may be, now and in the past", async () => {
  answering({});
  const { unmount } = await showAnomaly(1);
  expect(await screen.findByRole("heading", { name: "There is no such anomaly" })).toBeInTheDocument();
  unmount();
  await showAnomaly(1, "?as_of=2026-01-31T11:00:00Z");
  expect(await screen.findByRole("link", { name: "See it as it is now" })).toHaveAttribute("href", `/anomalies/${anomalyId(1)}`);
});

test("the time around one is as long as it, within bounds, and never in the future", () => {
  const at = (text: string) => Date.parse(`2026-01-31T${text}:00Z`);
  const one = { detected_at: "2026-01-31T12:00:00Z", ended_at: "2026-01-31T12:10:00Z" };
  expect(aroundOf(one, at("20:00"))).toEqual({ start: at("11:30"), end: at("12:40") });
  expect(aroundOf({ ...one, ended_at: null }, at("14:00"))).toEqual({ start: at("10:00"), end: at("14:00") });
});

test("what is compared is the time that it lasted: no less than ten minutes, no more than its first day, nothing of the future", () => {
  const at = (text: string) => Date.parse(`2026-01-31T${text}:00Z`);
  const one = { detected_at: "2026-01-31T12:00:00Z", ended_at: "2026-01-31T12:25:00Z" };
  expect(whileOf(one, at("20:00"))).toEqual({ start: at("12:00"), end: at("12:25") });
  expect(whileOf({ ...one, ended_at: "2026-01-31T12:02:00Z" }, at("20:00")).end).toBe(at("12:10"));
  expect(whileOf({ ...one, ended_at: null }, at("12:07")).end).toBe(at("12:07"));
  expect(whileOf({ ...one, ended_at: "2026-02-03T12:00:00Z" }, at("12:00") + 7 * 86_400_000).end).toBe(at("12:00") + 86_400_000);
});

test("it is asked as its watch asks; of a counter its own rate, whatever the watch does", () => {
  const load = { metric_name: "node_load1", labels: { instance: "a" } };
  expect(queryOf(load, "avg(node_load1)")).toBe("avg(node_load1)");
  expect(queryOf(load, undefined)).toBe('node_load1{instance="a"}');
  expect(queryOf({ ...load, metric_name: "x_total" }, "x_total")).toBe('rate(x_total{instance="a"}[5m])');
  expect(queryOf({ metric_name: "a / b", labels: {} }, undefined)).toBeUndefined();
});

test("the usual range and the value are placed on one line", () => {
  const { low, high, value } = placesOf({ feature: "level", value: 9, usual_low: 1, usual_high: 4, surprise: 3 });
  expect(low).toBeLessThan(high);
  expect(high).toBeLessThan(value);
  expect(value).toBeLessThan(1);
  expect([rarity(0.1), rarity(1), rarity(3), rarity(9)]).toEqual(["often", "1 in 10", "1 in 1,000", "hardly ever"]);
});

test("a series is known by its labels", () => {
  const series = { metric_name: "up", labels: { job: "node" } };
  expect(selectorOf(series)).toBe('up{job="node"}');
  expect(selectorOf({ ...series, metric_name: "sum(up)" })).toBeUndefined();
  expect(isSeriesOf(series)({ metric: { __name__: "up", job: "node", instance: "a" } })).toBe(true);
  expect(isSeriesOf(series)({ metric: { job: "kube" } })).toBe(false);
});
