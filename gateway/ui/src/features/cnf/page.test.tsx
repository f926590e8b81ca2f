import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { CnfPage } from "@/features/cnf/page";
import { readCnfSearch } from "@/features/cnf/search";
import {
  clock,
  clocksOf,
  gap,
  ID,
  lists,
  port,
  portsOf,
  resource,
  resourcesOf,
  withFunctions,
  workload,
  workloadsOf,
} from "@/features/cnf/testing";
import { live } from "@/lib/live";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";
import { show } from "@/testing/render";

const page = (at = "/cnf") => show(<CnfPage />, { at, path: "/cnf", readSearch: readCnfSearch });
const rowOf = async (text: string) => (await screen.findByText(text)).closest<HTMLElement>('[role="row"]')!;

test("each pod is listed with its state, and for how long it is so", async () => {
  const since = new Date(Date.now() - 12 * 60_000 - 5_000).toISOString();
  const rows = [
    workload({ pod: "du-1", standing: "CRASHING", state_since: since, reason: "CrashLoopBackOff", restarts: 17 }),
    workload({ pod: "du-2", ready: false }),
    workload({ pod: "du-3", cnf_type: "UPF", stale: true }),
  ];
  withFunctions({ workloads: workloadsOf(rows) });
  await page();
  const crashing = within(await rowOf("du-1"));
  expect(crashing.getByText("Crashing")).toBeVisible();
  expect(crashing.getByText("12 min")).toBeVisible();
  expect(crashing.getByText("17")).toBeVisible();
  expect(crashing.getByRole("link", { name: "edge-1" })).toHaveAttribute("href", `/clusters/${ID}`);
  expect(within(await rowOf("du-2")).getByText("Not ready")).toBeVisible();
  const old = within(await rowOf("du-3"));
  expect(old.getByText("UPF")).toBeVisible();
  expect(old.getByText("Old:")).toBeInTheDocument();
  expect(crashing.queryByText("Old:")).toBeNull();
});

test("one line says how all areas are, and leads to what is not well", async () => {
  withFunctions({
    workloads: workloadsOf([workload(), workload({ pod: "du-1", state: "FAILED" })]),
    clocks: clocksOf([clock({ clock_state: "HOLDOVER" }), clock({ node_name: "b" })]),
    resources: resourcesOf([resource({ exhausted: true })]),
    ports: portsOf([port({ dropping: true, rx_dropped_per_second: 1240 })]),
  });
  const { user, where } = await page();
  expect(await screen.findByRole("link", { name: "1 of 2 workloads runs" })).toBeVisible();
  expect(screen.getByRole("link", { name: "1 failed" })).toHaveAttribute("href", "/cnf?state=FAILED");
  expect(await screen.findByRole("link", { name: "1 resource has no virtual function left" })).toBeVisible();
  expect(await screen.findByRole("link", { name: "1 port drops 1.2K packets/s" })).toBeVisible();
  expect(screen.getByRole("tab", { name: /^Clocks/ })).toHaveTextContent("Clocks1");
  await user.click(screen.getByRole("link", { name: "1 clock in holdover" }));
  await waitFor(() => expect(where()).toBe("/cnf?tab=clocks&clock_state=HOLDOVER"));
  expect(await screen.findByRole("button", { name: "Without Holdover" })).toBeVisible();
});

test("clocks show their offset with its sign, and what is not known as such", async () => {
  withFunctions({
    clocks: clocksOf([
      clock({ interface: "ens1fx", clock_state: "FREERUN", offset_ns: -48_210 }),
      clock({ interface: "ens1f0", clock_state: null, offset_ns: null, role: "MASTER" }),
    ]),
  });
  await page("/cnf?tab=clocks");
  const free = within(await rowOf("ens1fx"));
  expect(free.getByText("Freerun")).toBeVisible();
  expect(free.getByText("−48.2 µs")).toBeVisible();
  const port = within(await rowOf("ens1f0"));
  expect(port.getByText("No state")).toBeVisible();
  expect(port.getByTitle("Its port reports a role, but no state")).toBeVisible();
  expect(port.queryByText(/^[+−]?\d+ ns$/)).toBeNull();
});

test("a resource with none free is told from one of which it is not known", async () => {
  withFunctions({
    resources: resourcesOf([
      resource({ resource_name: "x/full", used_vfs: 8, free_vfs: 0, exhausted: true }),
      resource({ resource_name: "x/dark", used_vfs: null, free_vfs: null, exhausted: null }),
    ]),
  });
  await page("/cnf?tab=functions");
  expect(within(await rowOf("full")).getByText("None free")).toBeVisible();
  const dark = within(await rowOf("dark"));
  expect(dark.getByText("– of 8")).toBeVisible();
  expect(dark.getByTitle("How many are in use is not known")).toBeVisible();
});

test("rates that are not known are no zero", async () => {
  const unknown = {
    rate_seconds: null,
    rx_packets_per_second: null,
    tx_packets_per_second: null,
    rx_dropped_per_second: null,
    rx_errors_per_second: null,
    tx_errors_per_second: null,
    dropping: null,
  };
  withFunctions({ ports: portsOf([port({ pod: "upf-1", ...unknown })]) });
  await page("/cnf?tab=ports");
  const row = within(await rowOf("upf-1"));
  expect(row.getAllByTitle(/one sample only/)).toHaveLength(4);
  expect(await screen.findByRole("link", { name: "drops of 1 port not known" })).toBeVisible();
});

test("filters are in the URL, and only those of the tab are asked for", async () => {
  const asked = withFunctions();
  const { user, where } = await page(`/cnf?namespace=du-site-1&clock_state=LOCKED&cluster_id=${ID}`);
  await rowOf("du-0");
  const first = lists(asked, "workloads")[0]!.searchParams;
  expect(first.get("namespace")).toBe("du-site-1");
  expect(first.get("cluster_id")).toBe(ID);
  expect(first.has("clock_state")).toBe(false);
  await user.type(screen.getByRole("textbox", { name: "Find pod or namespace" }), "du");
  await waitFor(() => expect(lists(asked, "workloads").at(-1)!.searchParams.get("q")).toBe("du"));
  await user.click(screen.getByRole("button", { name: "State" }));
  await user.click(await screen.findByRole("checkbox", { name: /Crashing/ }));
  await waitFor(() => expect(where()).toContain("state=CRASHING"));
  await user.click(screen.getByRole("tab", { name: "Clocks" }));
  await waitFor(() => expect(lists(asked, "ptp/status").at(-1)?.searchParams.get("clock_state")).toBe("LOCKED"));
  expect(lists(asked, "ptp/status").at(-1)!.searchParams.has("namespace")).toBe(false);
});

test("why something is not known is one line that unfolds", async () => {
  const missing = [
    gap(),
    gap({ cluster_id: "b", cluster_name: "edge-2" }),
    gap({ cluster_id: "c", cluster_name: "edge-3", reason: "its Prometheus does not answer", last_updated: "2026-03-04T11:00:00Z" }),
  ];
  withFunctions({ workloads: workloadsOf([workload()], missing) });
  const { user } = await page();
  expect(await screen.findByText("Not all workloads are known: 3 clusters (2 reasons)")).toBeVisible();
  await user.click(screen.getByRole("button", { name: /Of which, and why/ }));
  const why = within(await screen.findByRole("group", { name: "Of which, and why" }));
  expect(why.getByText("its Prometheus does not answer")).toBeVisible();
  expect(why.getAllByText("never known")).toHaveLength(2);
  expect(why.getByText(/^shown as of/)).toBeVisible();
  expect(why.getByRole("link", { name: "edge-2" })).toHaveAttribute("href", "/clusters/b");
});

test("a sample that has come is read", async () => {
  const say = hearing();
  withFunctions();
  await page();
  expect(within(await rowOf("du-0")).getByText("Running")).toBeVisible();
  withFunctions({ workloads: workloadsOf([workload({ state: "FAILED" })]) });
  say({ event_type: "CNF_UPDATE", sequence: null, cluster_id: ID });
  expect(await within(await rowOf("du-0")).findByText("Failed", undefined, { timeout: 3_000 })).toBeVisible();
});

test("samples are told while the page is shown, of the chosen clusters only", async () => {
  const end = vi.fn();
  const subscribe = vi.spyOn(live, "subscribe").mockReturnValue(end);
  withFunctions();
  const { unmount } = await page(`/cnf?cluster_id=${ID}`);
  await rowOf("du-0");
  expect(subscribe).toHaveBeenCalledExactlyOnceWith(expect.any(String), {
    event_types: ["CNF_UPDATE"],
    cluster_filter: [ID],
  });
  unmount();
  expect(end).toHaveBeenCalledOnce();
});

test("a paused list stands still and counts what is new", async () => {
  const say = hearing();
  withFunctions();
  const { user } = await page();
  await rowOf("du-0");
  await user.click(screen.getByRole("button", { name: "Live" }));
  withFunctions({ workloads: workloadsOf([workload({ pod: "du-9", state: "FAILED" }), workload()]) });
  say({ event_type: "CNF_STATUS_CHANGED", cluster_id: ID });
  const toggle = await screen.findByRole("button", { name: "Paused · 1 new" });
  expect(screen.queryByText("du-9")).toBeNull();
  await user.click(toggle);
  expect(await rowOf("du-9")).toBeVisible();
});

test("in the past that instant is asked for, and nothing is live", async () => {
  const asked = withFunctions();
  await page("/cnf?as_of=2026-03-04T12:00:00Z");
  await rowOf("du-0");
  expect(asked.length).toBeGreaterThan(4);
  expect(asked.every(({ searchParams }) => searchParams.get("as_of") === "2026-03-04T12:00:00Z")).toBe(true);
  expect(screen.queryByRole("button", { name: /Live|Paused/ })).toBeNull();
});

test("a fleet without network functions says how they are found, and what may be the reason", async () => {
  withFunctions({
    workloads: workloadsOf([], [gap({ reason: "there is no way to its API server" })]),
    clocks: clocksOf([]),
    resources: resourcesOf([]),
    ports: portsOf([]),
  });
  await page();
  expect(await screen.findByRole("heading", { name: "No network functions found" })).toBeVisible();
  expect(screen.getByText(/there is no way to its API server/)).toBeVisible();
  expect(screen.queryByRole("tab")).toBeNull();
});

test("one area without anything says how that is found; filters that match nothing can be cleared", async () => {
  withFunctions({ clocks: clocksOf([]) });
  const { user, where } = await page("/cnf?tab=clocks");
  expect(await screen.findByRole("heading", { name: "No clock found" })).toBeVisible();
  expect(screen.getByText(/metrics of the PTP operator/)).toBeVisible();
  await user.type(screen.getByRole("textbox", { name: "Find node or interface" }), "x");
  expect(await screen.findByRole("heading", { name: "No clock matches" })).toBeVisible();
  await user.click(screen.getAllByRole("button", { name: "Clear all filters" })[0]!);
  await waitFor(() => expect(where()).toBe("/cnf?tab=clocks"));
});

test("a list that cannot be read says why, and is tried again", async () => {
  withFunctions();
  const refusal = { error: { code: "INTERNAL_ERROR", message: "the database is away", details: {}, trace_id: "t" } };
  hub.use(http.get("*/api/v1/cnf/workloads", () => HttpResponse.json(refusal, { status: 500 })));
  const { user } = await page();
  expect(await screen.findByText(/the database is away/i)).toBeVisible();
  expect(screen.getByRole("link", { name: "workloads could not be read" })).toBeVisible();
  withFunctions();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await rowOf("du-0")).toBeVisible();
});
