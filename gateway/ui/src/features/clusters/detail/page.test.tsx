import { act, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { ClusterPage } from "@/features/clusters/detail/page";
import { readClusterSearch } from "@/features/clusters/search";
import { asRole, check, cluster, ID, refusal, stream, withCluster } from "@/features/clusters/testing/data";
import {
  getGetGpuSummaryResponseMock,
  getListCnfWorkloadsResponseMock,
  getListDpdkStatsResponseMock,
  getListGpuNodesResponseMock,
  getListPtpStatusResponseMock,
  getListSriovStatusResponseMock,
} from "@/generated/api.msw";
import type { ClusterView, CnfUnknown, CredentialsView, GpuSummary } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const page = (search = "") =>
  show(<ClusterPage />, {
    at: `/clusters/${ID}${search}`,
    path: "/clusters/$clusterId",
    readSearch: (raw) => ({ ...raw, ...readClusterSearch(raw) }),
  });

const CREDENTIALS: CredentialsView = {
  auth_type: "SERVICE_ACCOUNT",
  backends: ["PROMETHEUS"],
  created_at: "2026-03-01T00:00:00Z",
  expires_at: null,
  fingerprint: "abc123",
  origins: {},
  renewal: "BY_HAND",
  rotated_at: null,
  validated_at: "2026-03-04T00:00:00Z",
  validation: [
    { name: "API_SERVER", valid: true },
    { name: "PROMETHEUS", valid: false, error: "it answered 403", advice: "give a login that may read it" },
  ],
  warning: null,
};

test("a cluster that is not well: what fails, what to do, and what is missing meanwhile", async () => {
  withCluster(
    cluster({ status: { state: "DEGRADED", health_score: 80, checked_at: null }, credentials: CREDENTIALS }),
    [check(), check({ name: "PROMETHEUS", healthy: false, error: "it does not answer", advice: "look at its pods" })],
  );
  await page();
  expect(await screen.findByRole("heading", { level: 1, name: "edge-1" })).toBeVisible();
  expect(await screen.findByText("Prometheus fails")).toBeVisible();
  expect(screen.getByText("Look at its pods.")).toBeVisible();
  expect(screen.getByText("No metrics meanwhile.")).toBeVisible();
  expect(screen.getByText("healthy, 7 ms")).toBeVisible();
});

test("a cluster that is new is told what it still needs", async () => {
  withCluster(cluster({ credentials: null, endpoints: {} }));
  await page();
  expect(await screen.findByRole("link", { name: "Give it credentials" })).toHaveAttribute(
    "href",
    `/clusters/${ID}?tab=credentials`,
  );
  expect(screen.getByRole("link", { name: "Say where they answer" })).toBeVisible();
});

test("a change of its state is shown when it comes", async () => {
  withCluster(cluster());
  const says = stream();
  await page();
  expect(await screen.findByText("Online")).toBeVisible();
  withCluster(cluster({ status: { state: "OFFLINE", health_score: 0, checked_at: null } }));
  says({ event_type: "CLUSTER_STATUS_CHANGED" });
  expect(await screen.findByText("Offline")).toBeVisible();
});

test("a cluster that does not exist says so, with the way back", async () => {
  hub.use(http.get(`*/api/v1/clusters/${ID}`, () => refusal(404, "CLUSTER_NOT_FOUND", "there is none")));
  await page();
  expect(await screen.findByText("There is no such cluster")).toBeVisible();
  expect(screen.getByRole("link", { name: "All clusters" })).toHaveAttribute("href", "/clusters");
});

test("a cluster that was not there yet at an instant says so", async () => {
  hub.use(http.get(`*/api/v1/clusters/${ID}`, () => refusal(404, "CLUSTER_NOT_FOUND", "there is none")));
  await page("?as_of=2020-01-01T00:00:00Z");
  expect(await screen.findByText("Not there at that instant")).toBeVisible();
});

test("in the past nothing can be done to it, and the reason is told", async () => {
  withCluster(cluster());
  const { user } = await page("?as_of=2026-03-04T12:00:00Z");
  const button = await screen.findByRole("button", { name: "Check now" });
  expect(button).toHaveAttribute("aria-disabled", "true");
  await user.hover(button);
  expect(await screen.findByText(/The past is shown/)).toBeInTheDocument();
});

test("an operator may check it, and what was found is told", async () => {
  withCluster(cluster());
  asRole("operator");
  hub.use(http.post(`*/api/v1/clusters/${ID}/refresh`, () => HttpResponse.json(cluster())));
  const { user, client } = await page();
  await user.click(await screen.findByRole("button", { name: "Check now" }));
  expect(await screen.findByText("Checked: online")).toBeVisible();
  const later = { state: "OFFLINE", health_score: 0, checked_at: "2026-03-04T12:00:30Z" } as const;
  withCluster(cluster({ status: later as ClusterView["status"] }));
  await act(() => client.invalidateQueries());
  await waitFor(() => expect(screen.queryByText("Checked: online"), "a later check says more").toBeNull());
});

test.each([
  ["viewer", [], { checks: 0, changes: 0 }],
  ["operator", [], { checks: 1, changes: 0 }],
  ["operator", ["another"], { checks: 0, changes: 0 }],
  ["admin", [ID], { checks: 1, changes: 1 }],
] as const)("what one may not do with it is not offered: %s of %j", async (role, clusters, may) => {
  withCluster(cluster({ credentials: null }));
  asRole(role, [...clusters]);
  await page();
  await screen.findByRole("heading", { level: 1, name: "edge-1" });
  await screen.findByText("There is more to see of it");
  await waitFor(() => {
    expect(screen.queryAllByRole("button", { name: "Check now" })).toHaveLength(may.checks);
    expect(screen.queryAllByRole("button", { name: "More actions" })).toHaveLength(may.changes);
    expect(screen.queryAllByRole("tab", { name: "Edit" })).toHaveLength(may.changes);
    expect(screen.queryAllByRole("link", { name: "Give it credentials" })).toHaveLength(may.changes);
  });
});

test("who may not change it and has a link to its form is told so", async () => {
  withCluster(cluster());
  asRole("operator");
  await page("?tab=edit");
  expect(await screen.findByText("You may not change this")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
});

test("credentials are shown to who may not change them, without a way to", async () => {
  withCluster(cluster({ credentials: CREDENTIALS }));
  asRole("viewer");
  await page("?tab=credentials");
  expect(await screen.findByText("abc123")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Rotate" })).toBeNull();
});

test("it is deleted only when its name is typed", async () => {
  withCluster(cluster());
  let deleted = false;
  hub.use(
    http.delete(`*/api/v1/clusters/${ID}`, () => {
      deleted = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user, where } = await page();
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
  const dialog = within(await screen.findByRole("dialog"));
  const button = dialog.getByRole("button", { name: "Delete the cluster" });
  await user.type(dialog.getByRole("textbox"), "edge-");
  expect(button).toBeDisabled();
  await user.type(dialog.getByRole("textbox"), "1");
  await user.click(button);
  await waitFor(() => expect(where()).toBe("/clusters"));
  expect(deleted).toBe(true);
});

test("editing sends only what was changed, with the version that was read", async () => {
  withCluster(cluster({ labels: { team: "core", tier: "gold" } }));
  let sent: unknown;
  let version: string | null = null;
  hub.use(
    http.patch(`*/api/v1/clusters/${ID}`, async ({ request }) => {
      sent = await request.json();
      version = request.headers.get("if-match");
      return HttpResponse.json(cluster());
    }),
  );
  const { user, where } = await page("?tab=edit");
  const labels = await screen.findByRole("textbox", { name: "Labels" });
  await user.clear(labels);
  await user.type(labels, "team=edge");
  await user.type(screen.getByRole("textbox", { name: "Region" }), "eu");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(where()).toContain("tab=overview"));
  expect(sent).toEqual({ labels: { team: "edge", tier: null }, region: "eu" });
  expect(version).toBe('"3"');
});

test("what somebody else has changed meanwhile is shown, and mine goes on top if I want", async () => {
  withCluster(cluster());
  const versions: (string | null)[] = [];
  hub.use(
    http.patch(`*/api/v1/clusters/${ID}`, ({ request }) => {
      versions.push(request.headers.get("if-match"));
      if (versions.length > 1) return HttpResponse.json(cluster());
      withTheirs();
      return refusal(412, "PRECONDITION_FAILED", "the cluster is at version 4, not 3");
    }),
  );
  const withTheirs = () =>
    hub.use(
      http.get(`*/api/v1/clusters/${ID}`, () => HttpResponse.json(cluster({ version: 4, display_name: "Theirs" }))),
    );
  const { user } = await page("?tab=edit");
  await user.type(await screen.findByRole("textbox", { name: "Region" }), "eu");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText(/empty → Theirs/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Keep my changes on top of theirs" }));
  expect(screen.getByRole("textbox", { name: "Display name" })).toHaveValue("Theirs");
  expect(screen.getByRole("textbox", { name: "Region" })).toHaveValue("eu");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(versions).toEqual(['"3"', '"4"']));
});

test("credentials: who takes them, and what to do where not", async () => {
  withCluster(cluster({ credentials: { ...CREDENTIALS, warning: "the token ends in 3 days" } }));
  await page("?tab=credentials");
  expect(await screen.findByText("the token ends in 3 days")).toBeVisible();
  expect(screen.getByText("Give a login that may read it.")).toBeVisible();
  expect(screen.getByText("Token of a service account")).toBeVisible();
});

test("credentials are rotated: what is left out is not sent, and nothing of it stays", async () => {
  withCluster(cluster({ credentials: CREDENTIALS }));
  let sent: unknown;
  hub.use(
    http.post(`*/api/v1/clusters/${ID}/credentials/rotate`, async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json(CREDENTIALS);
    }),
  );
  const { user, client } = await page("?tab=credentials");
  await user.click(await screen.findByRole("button", { name: "Rotate" }));
  const form = within((await screen.findByRole("heading", { name: "Rotate credentials" })).closest("section")!);
  await user.selectOptions(form.getByRole("combobox", { name: "Login" }), "KEEP");
  await user.selectOptions(form.getByRole("combobox", { name: "Prometheus" }), "basic");
  await user.type(form.getByRole("textbox", { name: "Prometheus user" }), "reader");
  await user.type(form.getByLabelText("Prometheus password"), "secret");
  await user.click(form.getByRole("button", { name: "Rotate" }));
  await waitFor(() => expect(sent).toEqual({ backends: { prometheus: { username: "reader", password: "secret" } } }));
  await waitFor(() => expect(screen.queryByRole("heading", { name: "Rotate credentials" })).not.toBeInTheDocument());
  const held = client.getMutationCache().getAll().map(({ state }) => state);
  expect(JSON.stringify(held)).not.toContain("secret");
});

test("new credentials can be tried without being kept", async () => {
  withCluster(cluster({ credentials: null }));
  hub.use(
    http.post(`*/api/v1/clusters/${ID}/credentials/validate`, () =>
      HttpResponse.json({ valid: false, validation: CREDENTIALS.validation }),
    ),
  );
  const { user } = await page("?tab=credentials");
  await user.type(await screen.findByRole("textbox", { name: "Token" }), "x");
  await user.click(screen.getByRole("button", { name: "Only try" }));
  expect(await screen.findByText("Not good for every endpoint")).toBeVisible();
  expect(screen.getByText(/It answered 403/)).toBeVisible();
});

const withGpus = (figures: Partial<GpuSummary>) => {
  const [node] = getListGpuNodesResponseMock().items;
  const [gpu] = node!.gpus;
  const h100 = { ...gpu!, name: "NVIDIA H100", utilization_gpu_percent: null };
  const mine = { ...node!, cluster_id: ID, node_name: "gpu-1", gpus: [h100], stale: true };
  const none = { TEMPERATURE: 0, MEMORY_TEMPERATURE: 0, MEMORY_USED: 0, POWER_DRAW: 0 };
  const summary = getGetGpuSummaryResponseMock({ gpus: 1, nodes: 1, lost: 0, raised: none, ...figures });
  hub.use(
    http.get("*/api/v1/gpu/summary", () => HttpResponse.json(summary)),
    http.get("*/api/v1/gpu/nodes", () => HttpResponse.json(getListGpuNodesResponseMock({ items: [mine], total: 1 }))),
  );
};
const withFunctions = (missing: CnfUnknown[] = []) => {
  const none = { items: [], total: 0, missing: [] };
  const clock = { cluster_id: ID, node_name: "worker-1", interface: "ens1f0", process: "ptp4l", offset_ns: 1480, stale: false };
  const [any] = getListPtpStatusResponseMock().items;
  const clocks = missing.length > 0 ? [] : [{ ...any!, ...clock, clock_state: "HOLDOVER" as const, role: null }];
  hub.use(
    http.get("*/api/v1/cnf/workloads", () => HttpResponse.json(getListCnfWorkloadsResponseMock(none))),
    http.get("*/api/v1/cnf/ptp/status", () =>
      HttpResponse.json(getListPtpStatusResponseMock({ items: clocks, total: clocks.length, missing })),
    ),
    http.get("*/api/v1/cnf/sriov/status", () => HttpResponse.json(getListSriovStatusResponseMock(none))),
    http.get("*/api/v1/cnf/dpdk/stats", () => HttpResponse.json(getListDpdkStatsResponseMock(none))),
  );
};

test("GPUs: what is wrong with them in one line, and each node; what is not known is said", async () => {
  withCluster(cluster());
  withGpus({ lost: 2, utilization_gpu_percent: null });
  withFunctions();
  await page("?tab=gpus");
  expect(await screen.findByRole("link", { name: "2 GPUs have disappeared" })).toHaveAttribute(
    "href",
    `/gpu?cluster_id=${ID}&show=lost`,
  );
  const row = within(await screen.findByRole("table")).getByRole("row", { name: /gpu-1/ });
  expect(row).toHaveTextContent(/1 × H100.*not known.*No samples/);
  expect(within(row).getByRole("link", { name: "gpu-1" })).toHaveAttribute("href", `/gpu?open=${ID}/gpu-1`);
});

test("tabs of GPUs and network functions are there where the cluster has them", async () => {
  withCluster(cluster());
  withGpus({ gpus: 0, nodes: 0 });
  withFunctions();
  await page();
  expect(await screen.findByRole("tab", { name: "Network functions" })).toBeVisible();
  expect(screen.queryByRole("tab", { name: "GPUs" })).toBeNull();
});

test("network functions: each with its state, and the way to it", async () => {
  withCluster(cluster());
  withFunctions();
  await page("?tab=functions");
  const clocks = within(await screen.findByRole("region", { name: "Clocks" }));
  expect(clocks.getByRole("listitem")).toHaveTextContent("ens1f0 on worker-1Holdoverptp4l · 1,480 ns from its source");
  expect(clocks.getByRole("link", { name: "All clocks in detail" })).toHaveAttribute("href", `/cnf?tab=clocks&cluster_id=${ID}`);
  expect(screen.queryByRole("region", { name: "Workloads" })).toBeNull();
});

test("what is not known of network functions is said with the reason", async () => {
  withCluster(cluster());
  const reason = "the API server does not allow: create pods/exec";
  withFunctions([{ cluster_id: ID, cluster_name: "edge-1", what: "ptp", reason, last_updated: null }]);
  await page("?tab=functions");
  expect(await screen.findByText("Not known: clocks")).toBeVisible();
  expect(screen.getByText(/The API server does not allow: create pods\/exec/)).toBeVisible();
  expect(screen.queryByText("No network functions found")).toBeNull();
});

test("capabilities come with their evidence", async () => {
  withCluster(
    cluster({
      capabilities: {
        cnf_types: [],
        discovered_at: "2026-03-04T12:00:00Z",
        evidence: { GPU: [{ kind: "Node", name: "worker-3", namespace: null, reason: "it has nvidia.com/gpu" }] },
        gpu_count: 8,
        gpu_types: ["H100"],
        has_alertmanager: false,
        has_cnf_workloads: false,
        has_gpu_nodes: true,
        has_loki: false,
        has_prometheus: false,
        has_service_mesh: false,
        has_tempo: false,
        has_thanos: false,
        node_count: 3,
      },
    }),
  );
  await page("?tab=capabilities");
  expect(await screen.findByText("8 GPUs: H100")).toBeVisible();
  expect(screen.getByText("worker-3")).toBeVisible();
  expect(screen.getAllByText("not found").length).toBe(7);
});
