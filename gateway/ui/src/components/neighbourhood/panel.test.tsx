import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { ALERT, around, CLUSTER, INCIDENT, listed, measuring, NODE, POD, podInfo, sample, showNear } from "@/components/neighbourhood/testing";
import { getGetAlertResponseMock, getGetIncidentResponseMock } from "@/generated/api.msw";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";

const panel = (name: string | RegExp) => screen.findByRole("complementary", { name });
const group = async (name: string) => within(await screen.findByRole("region", { name }));

const alert = {
  ...getGetAlertResponseMock(),
  id: ALERT,
  cluster_id: CLUSTER,
  cluster_name: "edge-1",
  alertname: "KubePodCrashLooping",
  severity: "WARNING",
  state: "FIRING",
  labels: { namespace: "shop", pod: "cart-5d8f7c9b6d-x2x4z", node: "worker-1" },
  annotations: { summary: "It fails again and again." },
  generator_url: null,
  starts_at: "2026-01-31T12:00:00Z",
  incident_id: null,
  fingerprint: "f-1",
};

beforeEach(() => {
  around();
  measuring({ __name__: [podInfo("cart-5d8f7c9b6d-x2x4z"), sample({ __name__: "kube_pod_status_phase", phase: "Running" })] });
  hub.use(http.get(`*/api/v1/alerts/${ALERT}`, () => HttpResponse.json(alert)));
});

test("from an alert to its pod, to its node: a hop a click, with the way one came", async () => {
  const { user, where } = await showNear(`alert/${ALERT}`);
  await panel("Around alert KubePodCrashLooping");
  await user.click((await group("What it is about")).getByRole("link", { name: "shop/cart-5d8f7c9b6d-x2x4z" }));
  expect(where()).toBe(`/alerts?near=${POD}`);
  const pod = await panel("Around pod cart-5d8f7c9b6d-x2x4z");
  expect(pod).toHaveFocus();
  await user.click(await within(pod).findByRole("link", { name: "worker-1" }));
  expect(where()).toBe(`/alerts?near=${NODE}`);
  await panel("Around node worker-1");
  const way = within(screen.getByRole("navigation", { name: "The way here" }));
  expect(way.getAllByRole("link").map((link) => link.textContent)).toEqual(["alert KubePodCrashLooping", "pod cart-5d8f7c9b6d-x2x4z"]);
  await user.click(way.getByRole("link", { name: "alert KubePodCrashLooping" }));
  await panel("Around alert KubePodCrashLooping");
  expect(screen.queryByRole("navigation", { name: "The way here" })).not.toBeInTheDocument();
});

test("Back goes one hop back, and what came after it leaves the way", async () => {
  const { user, back } = await showNear(`alert/${ALERT}`);
  await user.click((await group("What it is about")).getByRole("link", { name: "worker-1" }));
  await panel("Around node worker-1");
  back();
  await panel("Around alert KubePodCrashLooping");
  expect(screen.queryByRole("navigation", { name: "The way here" })).not.toBeInTheDocument();
});

test("Escape closes it, not what is written in, and the button too", async () => {
  const { user, where } = await showNear(POD);
  const shown = await panel(/Around pod/);
  const field = document.body.appendChild(document.createElement("input"));
  field.focus();
  await user.keyboard("{Escape}");
  expect(where()).toBe(`/alerts?near=${POD}`);
  field.remove();
  shown.focus();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(where()).toBe("/alerts"));
  expect(screen.getByText("closed 1")).toBeInTheDocument();
});

test("a link opens it at once, and one that names nothing opens nothing", async () => {
  const { unmount } = await showNear(NODE);
  expect(await panel("Around node worker-1")).toBeInTheDocument();
  unmount();
  await showNear("pod/nothing");
  expect(screen.getByText("closed 0")).toBeInTheDocument();
});

test("what a pod is: its cluster, namespace, node, workload and state", async () => {
  measuring({
    __name__: [
      podInfo("cart-5d8f7c9b6d-x2x4z", { created_by_kind: "ReplicaSet", created_by_name: "cart-5d8f7c9b6d" }),
      sample({ __name__: "kube_pod_status_phase", phase: "Running" }),
      sample({ __name__: "kube_pod_container_status_restarts_total" }, "4"),
    ],
  });
  const shown = within(await showNear(POD).then(() => panel(/Around pod/)));
  expect(await shown.findByRole("link", { name: "cart" })).toHaveAttribute("href", `/alerts?near=workload/shop/cart@${CLUSTER}`);
  expect(shown.getByText("Deployment")).toBeInTheDocument();
  expect(shown.getByRole("link", { name: "shop" })).toHaveAttribute("href", `/alerts?near=namespace/shop@${CLUSTER}`);
  expect(await shown.findByRole("link", { name: "edge-1" })).toHaveAttribute("href", `/alerts?near=cluster@${CLUSTER}`);
  expect(shown.getByText("Running")).toBeInTheDocument();
  expect(shown.getByText("4")).toBeInTheDocument();
});

test("a pod that Prometheus does not know says so, at a past instant otherwise, which is what is asked for", async () => {
  const asked = measuring({});
  const { unmount } = await showNear(POD);
  expect(await screen.findByText(/does not tell of this pod/)).toBeInTheDocument();
  expect(asked.every(({ end_time }) => end_time === undefined)).toBe(true);
  unmount();
  asked.length = 0;
  await showNear(POD, "&as_of=2026-01-31T12:00:00Z");
  expect(await screen.findByText(/nothing of this pod at that instant/)).toBeInTheDocument();
  expect(asked.every(({ end_time }) => end_time === "2026-01-31T12:00:00Z")).toBe(true);
});

test("logs, traces and metrics open with the question, the cluster and the time of the alert", async () => {
  await showNear(`alert/${ALERT}`);
  const ways = await group("Look at");
  const at = (name: string) => new URL(ways.getByRole("link", { name }).getAttribute("href")!, "http://hub.test");
  const logs = at("Its lines");
  expect(logs.pathname).toBe("/observability/logs");
  expect(logs.searchParams.get("query")).toBe('{namespace="shop",pod="cart-5d8f7c9b6d-x2x4z"}');
  expect(logs.searchParams.get("clusters")).toBe(CLUSTER);
  expect(logs.searchParams.get("from")).toBe("2026-01-31T11:30:00.000Z");
  expect(at("Its traces").searchParams.get("tag")).toBe("k8s.pod.name=cart-5d8f7c9b6d-x2x4z");
  expect(at("Its rule").searchParams.get("query")).toContain('ALERTS{alertname="KubePodCrashLooping"');
  expect(at("CPU").searchParams.get("query")).toContain("container_cpu_usage_seconds_total");
});

test("a backend that the cluster lacks is no link", async () => {
  hub.use(http.get(`*/api/v1/clusters/${CLUSTER}`, () => HttpResponse.json({ capabilities: { has_loki: false, has_tempo: false, has_prometheus: true } })));
  await showNear(POD);
  const ways = await group("Look at");
  expect(await ways.findByText("The cluster has no Loki.")).toBeInTheDocument();
  expect(ways.getByText("The cluster has no Tempo.")).toBeInTheDocument();
  expect(ways.getByRole("link", { name: "CPU" })).toBeInTheDocument();
});

test("an incident: every place of its signals with its cluster, the most told first, and its alerts", async () => {
  const signal = (id: string, kind: string, where: string[]) => ({ id, kind, name: `Name${id}`, where, cluster_id: CLUSTER, severity: "WARNING", started_at: "2026-01-31T12:00:00Z", ended_at: null });
  hub.use(
    http.get(`*/api/v1/incidents/${INCIDENT}`, () => HttpResponse.json({ ...getGetIncidentResponseMock(), id: INCIDENT, title: "Trouble", clusters: [{ id: CLUSTER, name: "edge-1" }] })),
    http.get(`*/api/v1/incidents/${INCIDENT}/signals`, () =>
      HttpResponse.json(listed(signal("1", "ALERT", ["node/worker-1"]), signal("2", "STATUS", ["clock/worker-1/ens1f0", "node/worker-1"]), signal("3", "STATUS", ["gpu/GPU-1"]))),
    ),
  );
  await showNear(`incident/${INCIDENT}`);
  await panel("Around incident Trouble");
  const places = await group("Where it is");
  expect((await places.findAllByRole("listitem")).map((item) => item.textContent)).toEqual(["Nodeworker-12 signalsMetrics", "GPUGPU-11 signalMetrics"]);
  const alerts = await group("Alerts in it");
  expect(alerts.getAllByRole("listitem")).toHaveLength(1);
  expect(alerts.getByRole("link", { name: "Name1" })).toHaveAttribute("href", "/alerts?near=alert/1");
});

test.each([
  [`alert/${INCIDENT}`, "*/api/v1/alerts/:id", /This alert is not known/],
  [`incident/${ALERT}`, "*/api/v1/incidents/:id", /There is no such incident/],
])("around %s that is not there it says so", async (near, path, said) => {
  hub.use(http.get(path, () => HttpResponse.json({ error: { code: "NOT_FOUND", message: "None.", details: {}, trace_id: "" } }, { status: 404 })));
  await showNear(near);
  expect(await screen.findByText(said)).toBeInTheDocument();
});

test("a GPU is asked for by its UUID, however many nodes its cluster has", async () => {
  const asked: string[] = [];
  hub.use(
    http.get("*/api/v1/gpu/nodes", ({ request }) => {
      asked.push(new URL(request.url).searchParams.get("q") ?? "");
      return HttpResponse.json(listed());
    }),
  );
  await showNear(`gpu/GPU-d73d39d0@${CLUSTER}`);
  await panel(/Around GPU/);
  await waitFor(() => expect(asked).toContain("GPU-d73d39d0"));
  expect(asked).not.toContain("");
});

test("only what changes what is listed is read again, also of incidents, whose events name no cluster", async () => {
  const happens = hearing();
  let reads = 0;
  hub.use(http.get("*/api/v1/incidents", () => ((reads += 1), HttpResponse.json(listed()))));
  await showNear(NODE);
  await panel("Around node worker-1");
  await waitFor(() => expect(reads).toBe(1));
  happens({ event_type: "TOOL_CALLED", cluster_id: CLUSTER });
  happens({ event_type: "ALERT_FIRED", cluster_id: "another" });
  await new Promise((done) => setTimeout(done, 2_000));
  expect(reads).toBe(1);
  happens({ event_type: "INCIDENT_OPENED", cluster_id: null });
  await waitFor(() => expect(reads).toBeGreaterThan(1));
});
