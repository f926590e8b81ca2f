import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { anomaly, anomalyId, answering, CLUSTER, listOf, showAnomalies, watch } from "@/features/anomalies/testing";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";

const table = () => screen.findByRole("table", { name: "Anomalies" });
const rowOf = (name: string) => screen.getByText(name).closest("[role=row]")!;

test("anomalies are listed with what matters", async () => {
  const incident = "00000000-0000-4000-8000-b00000000001";
  const gpu = anomaly(2, {
    metric_name: "gpu_temperature_celsius",
    labels: { node: "gpu-1", gpu: "3", gpu_uuid: "GPU-7" },
    watch_id: null,
    severity: "HIGH",
    actual_value: 91,
    deviation_percent: null,
    incident_id: incident,
    feedback: { verdict: "NOISE", comment: "burn-in", given_by: "ada", given_at: "2026-01-31T13:00:00Z" },
  });
  answering({ list: () => listOf([anomaly(1), gpu]) });
  await showAnomalies();
  await table();
  expect(rowOf("node_load1")).toHaveTextContent(/Medium.*node_load1.*instance="worker-3".*Spike.*9\.5.*\+375 %.*edge-1.*10 min/);
  expect(rowOf("GPU temperature")).toHaveTextContent(/High.*GPU 3 on gpu-1.*91 °C.*Noise/);
  expect(screen.getByRole("link", { name: "Open it" })).toHaveAttribute("href", `/incidents/${incident}`);
  expect(screen.getByText("2 anomalies")).toBeInTheDocument();
});

test("what the URL filters by is asked for", async () => {
  const heard = answering({ list: () => listOf([anomaly(1)]) });
  await showAnomalies(
    `/anomalies?state=OPEN&severity=HIGH&severity=LOW&anomaly_type=DROP&verdict=NONE&cluster_id=${CLUSTER}&metric=node_load1&watch_id=load&label=pod=a&sort=severity` +
      "&within=range&from=2026-01-31T12:00:00.000Z&to=2026-01-31T13:00:00.000Z",
  );
  await table();
  const [params] = heard.list;
  expect(params!.getAll("severity")).toEqual(["HIGH", "LOW"]);
  const one = (name: string) => params!.getAll(name).join();
  expect(["state", "anomaly_type", "verdict", "cluster_id", "metric", "watch_id", "label", "sort"].map(one)).toEqual([
    "OPEN", "DROP", "NONE", CLUSTER, "node_load1", "load", "pod=a", "severity",
  ]);
  expect([one("from"), one("to")]).toEqual(["2026-01-31T12:00:00.000Z", "2026-01-31T13:00:00.000Z"]);
});

test("filters are chosen, and cleared together", async () => {
  answering({ list: () => listOf([anomaly(1)]) });
  const { user, where } = await showAnomalies("/anomalies?watch_id=load");
  await table();
  await user.click(screen.getByRole("button", { name: "Type" }));
  await user.click(await screen.findByRole("checkbox", { name: "Level moved" }));
  await user.keyboard("{Escape}");
  await user.type(screen.getByRole("textbox", { name: "Metric, whole name" }), "up");
  await waitFor(() => expect(where()).toBe("/anomalies?watch_id=load&anomaly_type=TREND_CHANGE&metric=up"));
  await user.click(screen.getByRole("button", { name: "Clear all filters" }));
  await waitFor(() => expect(where()).toBe("/anomalies"));
});

test("a row leads to its anomaly", async () => {
  answering({ list: () => listOf([anomaly(1)]) });
  const { user, where } = await showAnomalies();
  await table();
  await user.click(screen.getByText("Spike"));
  await waitFor(() => expect(where()).toBe(`/anomalies/${anomalyId(1)}`));
});

test("what an event tells is shown before the list is read again", async () => {
  const tell = hearing();
  const row = anomaly(1, { ended_at: null, state: "OPEN" });
  answering({ list: () => listOf([row]) });
  await showAnomalies();
  await table();
  expect(rowOf("node_load1")).toHaveTextContent(/for \d/);
  tell({ event_type: "ANOMALY_ENDED", payload: { anomaly: { ...row, ended_at: "2026-01-31T12:03:00Z" }, duration_seconds: 180 } });
  await waitFor(() => expect(rowOf("node_load1")).toHaveTextContent("3 min"));
});

test("a new one comes when the list is read again, and while paused it is counted only", async () => {
  const tell = hearing();
  let now = [anomaly(1)];
  answering({ list: () => listOf(now) });
  const { user } = await showAnomalies();
  await table();
  await user.click(screen.getByRole("button", { name: "Live" }));
  now = [anomaly(2), ...now];
  tell({ event_type: "ANOMALY_DETECTED", payload: { anomaly: now[0] } });
  const paused = await screen.findByRole("button", { name: "Paused · 1 new" });
  expect(screen.queryByText("node_load2")).not.toBeInTheDocument();
  await user.click(paused);
  expect(await screen.findByText("node_load2")).toBeInTheDocument();
});

test("what follows is read by the cursor, each anomaly once", async () => {
  const first = Array.from({ length: 20 }, (_, at) => anomaly(at));
  const heard = answering({
    list: (params) =>
      params.get("cursor") === "c1"
        ? listOf([anomaly(19), anomaly(20)], { total: 21 })
        : listOf(first, { total: 21, next_cursor: "c1" }),
  });
  await showAnomalies();
  await table();
  await waitFor(() => expect(heard.list.some((params) => params.get("cursor") === "c1")).toBe(true));
  expect(await screen.findByText("node_load20")).toBeInTheDocument();
  expect(screen.getAllByText("node_load19")).toHaveLength(1);
});

test("an empty list says what an anomaly is, and where to begin", async () => {
  answering({});
  await showAnomalies();
  expect(await screen.findByRole("heading", { name: "No anomaly was told yet" })).toBeInTheDocument();
  expect(await screen.findByText(/nothing is watched yet/)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Say what to watch" })).toHaveAttribute("href", "/anomalies?tab=watches");
});

test("how much is watched is told where nothing was found", async () => {
  answering({ watches: [watch("node-load")] });
  await showAnomalies();
  expect(await screen.findByText(/there is 1 watch\./)).toBeInTheDocument();
});

test("filters that leave nothing are no good news", async () => {
  answering({});
  await showAnomalies("/anomalies?severity=HIGH");
  expect(await screen.findByRole("heading", { name: "No anomaly matches" })).toBeInTheDocument();
});

test("a hub that refuses is told, and asked again on demand", async () => {
  answering({ list: () => listOf([anomaly(1)]) });
  hub.use(
    http.get(
      "*/api/v1/anomalies",
      () => HttpResponse.json({ error: { code: "QUERY_TIMEOUT", message: "Too slow." } }, { status: 504 }),
      { once: true },
    ),
  );
  const { user } = await showAnomalies();
  expect(await screen.findByText(/Too slow/)).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await table();
});
