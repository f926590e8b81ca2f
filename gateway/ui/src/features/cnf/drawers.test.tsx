import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { CnfPage } from "@/features/cnf/page";
import { readCnfSearch } from "@/features/cnf/search";
import { clock, clocksOf, ID, port, portsOf, resource, resourcesOf, withFunctions, workload, workloadsOf } from "@/features/cnf/testing";
import type { PtpHistory } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const page = (at: string) => show(<CnfPage />, { at, path: "/cnf", readSearch: readCnfSearch });
const drawer = async (name: string) => within(await screen.findByRole("complementary", { name }));

const HISTORY: PtpHistory = {
  cluster_id: ID,
  cluster_name: "edge-1",
  node_name: "worker-1",
  interface: "ens1fx",
  from: "2026-03-04T11:00:00Z",
  to: "2026-03-04T12:00:00Z",
  step_seconds: 60,
  series: [{ process: "ptp4l", points: [[1_772_622_000, 4]] }],
  state: "LOCKED",
  changes: [
    { at: "2026-03-04T11:30:00Z", old_state: "LOCKED", new_state: "HOLDOVER", reason: "ptp4l tells so", offset_ns: 843 },
  ],
};

function withHistory(of: Partial<PtpHistory> = {}): URL[] {
  const asked: URL[] = [];
  hub.use(
    http.get("*/api/v1/cnf/ptp/history", ({ request }) => {
      asked.push(new URL(request.url));
      return HttpResponse.json({ ...HISTORY, ...of });
    }),
  );
  return asked;
}

test("a row opens beside the list, and a link to it opens it again", async () => {
  withFunctions({ workloads: workloadsOf([workload({ reason: "CrashLoopBackOff", standing: "CRASHING" })]) });
  const { user, where } = await page("/cnf");
  await user.click(await screen.findByText("du-0"));
  const it = await drawer("Workload");
  expect(it.getByText("pod named like a VDU")).toBeVisible();
  expect(it.getByText("CrashLoopBackOff")).toBeVisible();
  expect(it.getByRole("link", { name: "Around pod du-0" })).toBeVisible();
  expect(where()).toBe(`/cnf?open=${ID}/du-site-1/du-0`);
  expect(it.getByRole("link", { name: "Its events" })).toHaveAttribute(
    "href",
    `/events?cluster_id=${ID}&entity_type=cnf&entity_id=WORKLOAD/du-site-1/du-0`,
  );
  const logs = new URL(it.getByRole("link", { name: "Logs of the pod" }).getAttribute("href")!, location.href);
  expect(logs.searchParams.get("query")).toBe('{namespace="du-site-1", pod="du-0"}');
  await user.keyboard("{Escape}");
  expect(where()).toBe("/cnf");
});

test("what is open is read for itself, wherever it is in the list", async () => {
  const asked = withFunctions({ resources: resourcesOf([resource()]) });
  await page(`/cnf?tab=functions&open=${ID}/worker-1/openshift.io/fronthaul`);
  expect(await (await drawer("Virtual functions")).findByText("ens1f0")).toBeVisible();
  const own = asked.find(({ searchParams }) => searchParams.has("resource_name"))!;
  expect(own.searchParams.get("resource_name")).toBe("openshift.io/fronthaul");
  expect(own.searchParams.get("node_name")).toBe("worker-1");
});

test("what is gone says so, and its events are still a click away", async () => {
  withFunctions();
  await page(`/cnf?open=${ID}/du-site-1/du-9`);
  const it = await drawer("Workload");
  expect(await it.findByText("It is not there any more")).toBeVisible();
  expect(it.getByRole("link", { name: "Its events" })).toBeVisible();
});

test("a clock shows how it was over the page's time, and when it did not follow", async () => {
  withFunctions({ clocks: clocksOf([clock({ clock_state: "HOLDOVER", offset_ns: 843 })]) });
  const asked = withHistory();
  await page(`/cnf?tab=clocks&from=2026-03-04T11:00:00Z&to=2026-03-04T12:00:00Z&open=${ID}/worker-1/ens1fx/ptp4l`);
  const it = await drawer("Clock");
  expect(await it.findByText("was locked · ptp4l tells so")).toBeVisible();
  expect(it.getByText("+843 ns, ahead of its source")).toBeVisible();
  const query = asked[0]!.searchParams;
  expect([query.get("from"), query.get("to")]).toEqual(["2026-03-04T11:00:00.000Z", "2026-03-04T12:00:00.000Z"]);
  expect([query.get("node_name"), query.get("interface")]).toEqual(["worker-1", "ens1fx"]);
  const metrics = it.getByRole("link", { name: "Offsets of this node in metrics" }).getAttribute("href")!;
  expect(new URL(metrics, location.href).searchParams.get("query")).toBe('openshift_ptp_offset_ns{node="worker-1"}');
});

test("a clock without a past says so", async () => {
  withFunctions();
  withHistory({ series: [], changes: [], state: null });
  await page(`/cnf?tab=clocks&open=${ID}/worker-1/ens1fx/ptp4l`);
  expect(await (await drawer("Clock")).findByText("No offset of it is known for this time.")).toBeVisible();
});

test("a port shows each counter, and which its source does not tell", async () => {
  withFunctions({ ports: portsOf([port({ dropping: true, rx_dropped: 12_381, rx_dropped_per_second: 0.25 })]) });
  await page(`/cnf?tab=ports&open=${ID}/upf-site-1/upf-0/0`);
  const it = await drawer("Port");
  expect(await it.findByText("Rates are over the 60 s between the last two samples.")).toBeVisible();
  const row = (name: string) => within(it.getByRole("rowheader", { name }).closest("tr")!);
  expect(row("Received: dropped").getByText("12,381")).toBeVisible();
  expect(row("Received: dropped").getByText("0.25")).toBeVisible();
  expect(row("Sent: dropped").getByTitle("Its source does not tell")).toBeVisible();
});

test("an event knows the clock, and not the process that keeps it", async () => {
  withFunctions();
  withHistory();
  await page(`/cnf?tab=clocks&open=${ID}/worker-1/ens1fx`);
  expect(await (await drawer("Clock")).findByText("ptp4l")).toBeVisible();
});
