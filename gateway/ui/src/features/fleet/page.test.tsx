import { act, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { explanation } from "@/components/explain/testing";
import { FleetPage } from "@/features/fleet/page";
import { readFleetSearch } from "@/features/fleet/search";
import { cluster } from "@/features/fleet/testing";
import {
  getGetFleetHealthResponseMock,
  getGetFleetSummaryResponseMock,
  getGetGpuSummaryResponseMock,
  getListAlertGroupsResponseMock,
  getListAlertsResponseMock,
  getListCnfWorkloadsResponseMock,
  getListDpdkStatsResponseMock,
  getListEventsResponseMock,
  getListGpuThresholdsResponseMock,
  getListIncidentsResponseMock,
  getListPtpStatusResponseMock,
  getListSriovStatusResponseMock,
} from "@/generated/api.msw";
import type { ClusterInFleet, GpuSummary, IncidentList } from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { hearing } from "@/testing/live";
import { show } from "@/testing/render";

const FLEET = [
  cluster("edge-1"),
  cluster("edge-2", { state: "OFFLINE", health_score: 0, last_error: "connection refused" }),
  cluster("edge-3", { state: "DEGRADED", health_score: 60 }),
];

const fleet = (items: ClusterInFleet[]) =>
  hub.use(http.get("*/api/v1/fleet/health", () => HttpResponse.json(getGetFleetHealthResponseMock({ items }))));
/** So many fire of each severity; counting those that nobody has silenced stops at `most`. */
const firing = (by: Partial<Record<string, number>>, { held = 0, most = 10_000 } = {}) =>
  hub.use(
    http.get("*/api/v1/alerts", ({ request }) => {
      const { searchParams } = new URL(request.url);
      const asked = searchParams.getAll("severity");
      const sum = Object.entries(by).reduce((all, [of, n = 0]) => (asked.length === 0 || asked.includes(of) ? all + n : all), 0);
      const total = searchParams.has("silenced") ? Math.min(most, sum) : sum + held;
      return HttpResponse.json(getListAlertsResponseMock({ total, total_at_least: total < sum }));
    }),
  );
const noGroups = () =>
  hub.use(
    http.get("*/api/v1/alerts/groups", () => HttpResponse.json(getListAlertGroupsResponseMock({ items: [], total: 0 }))),
  );
const noEvents = () =>
  hub.use(
    http.get("*/api/v1/events", () => HttpResponse.json(getListEventsResponseMock({ items: [], next_cursor: null }))),
  );
const NO_INCIDENTS = { items: [], total: 0, by_severity: { CRITICAL: 0, WARNING: 0, INFO: 0 } };
const incidents = (of: Partial<IncidentList> = {}) =>
  hub.use(http.get("*/api/v1/incidents", () => HttpResponse.json(getListIncidentsResponseMock({ ...NO_INCIDENTS, ...of }))));
const NONE_RAISED = { TEMPERATURE: 0, MEMORY_TEMPERATURE: 0, MEMORY_USED: 0, POWER_DRAW: 0 };
const gpus = (of: Partial<GpuSummary> = {}) => {
  const well = { gpus: 0, nodes: 0, lost: 0, errors: 0, wasted: 0, by_cluster: [], raised: NONE_RAISED };
  const summary = getGetGpuSummaryResponseMock({ ...well, ...of });
  hub.use(http.get("*/api/v1/gpu/summary", () => HttpResponse.json(summary)));
};
const noHardwareFails = () => {
  const all = { items: [], total: 0 };
  const states = { FAILED: 0, CRASHING: 0, PENDING: 0, RUNNING: 0, SUCCEEDED: 0, UNKNOWN: 0 };
  const [virtual, ports] = [getListSriovStatusResponseMock(all), getListDpdkStatsResponseMock(all)];
  const answers = {
    "gpu/thresholds": getListGpuThresholdsResponseMock({ raised: [], total: 0 }),
    "cnf/workloads": getListCnfWorkloadsResponseMock({ ...all, by_state: states }),
    "cnf/ptp/status": getListPtpStatusResponseMock({ ...all, by_state: { LOCKED: 0, HOLDOVER: 0, FREERUN: 0, UNKNOWN: 0 } }),
    "cnf/sriov/status": { ...virtual, totals: { ...virtual.totals, exhausted: 0 } },
    "cnf/dpdk/stats": { ...ports, totals: { ...ports.totals, dropping: 0 } },
  };
  for (const [path, answer] of Object.entries(answers)) {
    hub.use(http.get(`*/api/v1/${path}`, () => HttpResponse.json(answer)));
  }
};
const open = (at = "/") => show(<FleetPage />, { at, readSearch: (raw) => ({ ...raw, ...readFleetSearch(raw) }) });

beforeEach(() => {
  fleet(FLEET);
  firing({});
  noGroups();
  noEvents();
  incidents();
  gpus();
  noHardwareFails();
});

test("one sentence says how the fleet is", async () => {
  firing({ CRITICAL: 5 });
  await open();
  const critical = await screen.findByRole("link", { name: "5 critical alerts firing" });
  expect(critical.closest("p")).toHaveTextContent(
    "2 of 3 clusters need attention: 1 offline, 1 degraded · 5 critical alerts firing",
  );
  expect(critical).toHaveAttribute("href", expect.stringContaining("severity=CRITICAL"));
});

test("alerts beyond the bound of counting are never taken for none, nor for silenced ones", async () => {
  firing({ CRITICAL: 7, WARNING: 290_000 });
  await open();
  expect(await screen.findByRole("link", { name: "7 critical alerts firing" })).toBeVisible();
  const cards = within(screen.getByRole("region", { name: "The fleet in figures" }));
  expect(cards.getByRole("link", { name: /Alerts firing/ })).toHaveTextContent("10,007+");
  expect(cards.getByRole("link", { name: /10,000\+ Warning/ })).toBeVisible();
  expect(cards.queryByText("Held back")).toBeNull();
});

test("alerts that are held back are counted where all are", async () => {
  firing({ WARNING: 3 }, { held: 2 });
  await open();
  expect((await screen.findByText("Held back")).closest(".fleet-part")).toHaveTextContent("2");
});

test("what was there in the past is not said to matter now", async () => {
  await open("/?as_of=2026-01-31T12:10:00Z");
  const panel = within(await screen.findByRole("region", { name: "What mattered then" }));
  expect(await panel.findByRole("link", { name: "edge-2 is offline" })).toBeVisible();
  expect(screen.queryByText(/matters now/)).toBeNull();
});

test("a healthy fleet needs nothing, and says so", async () => {
  fleet([cluster("edge-1"), cluster("edge-2")]);
  await open();
  expect(await screen.findByText(/^Nothing needs you\. Checked: all 2 clusters and their credentials, incidents,/)).toBeVisible();
  expect(screen.getByText(/All 2 clusters are online/)).toHaveTextContent("no critical alert is firing");
  expect(await screen.findByText(/^Nothing changed in this time/)).toBeVisible();
});

test("that alerts are not known is said, not taken for silence", async () => {
  hub.use(http.get("*/api/v1/alerts", () => HttpResponse.json({ error: { message: "no" } }, { status: 500 })));
  await open();
  expect(await screen.findByText(/alerts are not known/)).toBeVisible();
  expect(screen.queryByText(/no critical alert/)).toBeNull();
});

test("what needs attention is listed with its reason, worst first", async () => {
  await open();
  const panel = within(await screen.findByRole("region", { name: "What matters now" }));
  const lines = panel.getAllByRole("listitem");
  expect(lines[0]).toHaveTextContent(/edge-2 is offline.*connection refused/);
  expect(lines[1]).toHaveTextContent(/edge-3 is degraded/);
  expect(panel.getByRole("link", { name: "edge-2 is offline" })).toHaveAttribute("href", "/clusters/edge-2");
});

test("how busy GPUs are, and which of them are not well, is in the figures", async () => {
  const [one] = getGetGpuSummaryResponseMock().by_cluster;
  gpus({ gpus: 24, nodes: 4, utilization_gpu_percent: 36.6, wasted: 3, lost: 1, by_cluster: [{ ...one!, stale_nodes: 0 }] });
  await open();
  const cards = within(await screen.findByRole("region", { name: "The fleet in figures" }));
  expect(await cards.findByRole("link", { name: /^GPUs ?24$/ })).toHaveAttribute("href", "/gpu");
  expect(cards.getByText("37 %")).toBeVisible();
  expect(cards.getByRole("link", { name: "3 Allocated but idle" })).toHaveAttribute("href", "/gpu?show=wasted");
  const panel = within(screen.getByRole("region", { name: "What matters now" }));
  expect(await panel.findByRole("link", { name: "1 GPU has disappeared" })).toHaveAttribute("href", "/gpu?show=lost");
});

test("GPUs that were found and are not sampled are counted, but not called idle", async () => {
  hub.use(
    http.get("*/api/v1/fleet/summary", () =>
      HttpResponse.json(getGetFleetSummaryResponseMock({ gpu_count: 16, gpu_clusters: 2 })),
    ),
  );
  await open();
  expect(await screen.findByText("found on 2 clusters, not sampled yet")).toBeVisible();
  expect(screen.queryByText(/busy/)).toBeNull();
});

test("that nothing is known of GPUs is said, not taken for well", async () => {
  fleet([cluster("edge-1")]);
  hub.use(http.get("*/api/v1/gpu/thresholds", () => HttpResponse.json({ error: { message: "no" } }, { status: 500 })));
  await open();
  expect(await screen.findByText(/This list is not complete/)).toBeVisible();
  expect(screen.queryByText(/^Nothing needs you/)).toBeNull();
});

test("the grid is one stop for Tab; arrows move, Enter opens", async () => {
  const { user, where } = await open();
  const grid = await screen.findByRole("group", { name: /^Clusters by state/ });
  const cells = within(grid).getAllByRole("link");
  expect(cells.map((cell) => cell.tabIndex)).toEqual([0, -1, -1]);
  expect(cells[0]).toHaveAccessibleName("edge-2: offline, score 0, connection refused");
  act(() => cells[0]!.focus());
  await user.keyboard("{ArrowRight}");
  expect(cells[1]).toHaveFocus();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(where()).toBe("/clusters/edge-3"));
});

test("the grid can be read as a table, and the URL keeps that", async () => {
  const { user, where } = await open();
  await user.click(await screen.findByRole("button", { name: "Table" }));
  const table = await screen.findByRole("table", { name: "Clusters by state" });
  expect(within(table).getByRole("link", { name: "edge-2" })).toBeVisible();
  expect(where()).toBe("/?view=table");
});

test("grouped by environment, each group says how it is", async () => {
  fleet(FLEET.map((each) => ({ ...each, environment: each.name === "edge-1" ? "LAB" : "PRODUCTION" })));
  await open("/?group=environment");
  expect(await screen.findByRole("heading", { name: "Production 2: 1 offline, 1 degraded" })).toBeVisible();
  expect(screen.getByRole("heading", { name: "Lab 1" })).toBeVisible();
});

test("a part of the timeline that is chosen becomes the time range", async () => {
  const { user, where } = await open("/?from=2026-01-31T12:00:00Z&to=2026-01-31T13:00:00Z");
  const timeline = await screen.findByRole("slider", { name: /^Alerts over time/ });
  act(() => timeline.focus());
  await user.keyboard("{Home}{ArrowRight}{Shift>}{ArrowRight}{ArrowRight}{/Shift}{Enter}");
  await waitFor(() => expect(where()).toContain("from=2026-01-31T12:01:00.000Z&to=2026-01-31T12:04:00.000Z"));
});

test("the alerts over time are explained by what fired, and where; the cause is looked for on a click", async () => {
  hub.use(
    http.get("*/api/v1/events", ({ request }) => {
      const isOfAlerts = new URL(request.url).searchParams.getAll("event_type").includes("ALERT_FIRED");
      const [item] = getListEventsResponseMock().items;
      const fired = (alertname: string, severity: string, minute: number) => {
        const at = `2026-01-31T12:${minute}:00Z`;
        const about = { event_type: "ALERT_FIRED", cluster_id: "edge-1", cluster_name: "edge-1", timestamp: at, logged_at: at };
        return { ...item, ...about, event_id: `fired-${minute}`, payload: { alert: { id: `${minute}`, alertname, severity } } };
      };
      const items = [fired("Slow", "WARNING", 30), fired("Slow", "WARNING", 29), fired("NodeDown", "CRITICAL", 28)];
      return HttpResponse.json({ items: isOfAlerts ? items : [], next_cursor: null });
    }),
  );
  const { user, where } = await open("/?from=2026-01-31T12:00:00Z&to=2026-01-31T13:00:00Z");
  await user.click(await screen.findByRole("button", { name: "Explain this window" }));
  expect(where()).toContain("explain=true");
  const shown = await explanation();
  const alerts = within(await shown.findByRole("list", { name: "Alerts, the worst first" }));
  expect(alerts.getAllByRole("listitem").map((each) => each.textContent)).toEqual([
    expect.stringMatching(/NodeDown once, in 1 cluster$/),
    expect.stringMatching(/Slow 2 times, in 1 cluster$/),
  ]);
  expect(alerts.getByRole("link", { name: "Slow" }).getAttribute("href")).toContain("alertname=Slow");
  expect(await shown.findByRole("button", { name: "Look at edge-1" })).toBeEnabled();
  await user.click(shown.getByRole("button", { name: "Close" }));
  await waitFor(() => expect(where()).not.toContain("explain"));
});

test("what was not read is said, and can be read", async () => {
  const asked: (string | null)[] = [];
  hub.use(
    http.get("*/api/v1/events", ({ request }) => {
      const { searchParams } = new URL(request.url);
      if (!searchParams.getAll("event_type").includes("ALERT_FIRED")) {
        return HttpResponse.json({ items: [], next_cursor: null });
      }
      asked.push(searchParams.get("cursor"));
      const [item] = getListEventsResponseMock().items;
      const told = { alert: { alertname: "NodeDown", severity: "CRITICAL" } };
      const at = new Date(Date.now() - 60_000).toISOString();
      const more = asked.length === 1;
      return HttpResponse.json({
        items: [{ ...item, event_type: "ALERT_FIRED", payload: told, timestamp: at }],
        next_cursor: more ? "17" : null,
      });
    }),
  );
  const { user } = await open();
  await user.click(await screen.findByRole("button", { name: "Read older ones" }));
  await waitFor(() => expect(asked).toEqual([null, "17"]));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Read older ones" })).toBeNull());
});

test("what the stream tells while the log is read is kept, though the answer lacks it", async () => {
  const say = hearing();
  let answer = () => {};
  const told = new Promise<void>((done) => {
    answer = done;
  });
  hub.use(
    http.get("*/api/v1/events", async () => {
      await told;
      return HttpResponse.json({ items: [], next_cursor: null });
    }),
  );
  await open();
  await screen.findByRole("region", { name: "What changed" });
  const at = new Date().toISOString();
  const alert = { id: "1", alertname: "NodeDown", severity: "CRITICAL" };
  say({ event_id: "n", event_type: "ALERT_FIRED", logged_at: at, cluster_id: "a", cluster_name: "edge-1", payload: { alert } });
  // It is merged a moment later, while nothing is read yet.
  await act(() => new Promise((done) => setTimeout(done)));
  answer();
  expect(await screen.findByRole("link", { name: "NodeDown fired on edge-1" })).toBeVisible();
});

test("without clusters there are three ways to begin; with the first one it is the home", async () => {
  fleet([]);
  const { client } = await open();
  expect(await screen.findByRole("heading", { level: 1, name: "Welcome to AIOps NextGen" })).toBeVisible();
  expect(screen.getByRole("group", { name: "Configuration of Alertmanager" })).toHaveTextContent(
    `url: ${location.origin}/api/v1/alerts/webhook`,
  );
  expect(screen.getByText("aiops up --demo")).toBeVisible();
  fleet([cluster("edge-1")]);
  await act(() => client.invalidateQueries());
  expect(await screen.findByRole("heading", { level: 1, name: "Fleet" })).toBeVisible();
});

test("an empty past is no first run", async () => {
  fleet([]);
  await open("/?as_of=2026-01-01T00:00:00Z");
  expect(await screen.findByText("No cluster was here then")).toBeVisible();
});

test("a fleet that cannot be read is said, with what to do", async () => {
  hub.use(http.get("*/api/v1/fleet/health", () => HttpResponse.json({ error: { message: "broken" } }, { status: 503 })));
  await open();
  expect(await screen.findByText("The fleet could not be loaded")).toBeVisible();
  expect(screen.getByRole("button", { name: "Try again" })).toBeVisible();
});

test("who cannot add a cluster is not led to it, with clusters and without", async () => {
  asking({ role: "operator" });
  const { unmount } = await open();
  expect(await screen.findByRole("link", { name: "Event log" })).toBeVisible();
  expect(screen.queryByRole("link", { name: "Add a cluster" })).toBeNull();
  unmount();
  fleet([]);
  await open();
  expect(await screen.findByText("No cluster is here for you yet")).toBeVisible();
  expect(screen.queryByRole("link", { name: "Add a cluster" })).toBeNull();
});
