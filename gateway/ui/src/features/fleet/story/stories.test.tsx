import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { AttentionPanel } from "@/features/fleet/attention-panel";
import { causeOf, stories, story } from "@/features/fleet/story/testing";
import { cluster } from "@/features/fleet/testing";
import {
  getGetGpuSummaryResponseMock,
  getListAlertGroupsResponseMock,
  getListCnfWorkloadsResponseMock,
  getListDpdkStatsResponseMock,
  getListEventsResponseMock,
  getListGpuThresholdsResponseMock,
  getListPtpStatusResponseMock,
  getListSriovStatusResponseMock,
} from "@/generated/api.msw";
import type { AlertGroup, IncidentList, LastingName } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const asked: URLSearchParams[] = [];

const telling = (list: IncidentList) =>
  hub.use(
    http.get("*/api/v1/incidents", ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(list);
    }),
  );
const group = (alertname: string, id: string, count: number): AlertGroup => ({
  key: { alertname, cluster_id: id },
  cluster_name: id,
  clusters: 1,
  count,
  by_severity: { CRITICAL: count, WARNING: 0, INFO: 0 },
  newest_id: "a-1",
  newest_starts_at: "2026-01-31T12:00:00Z",
  oldest_start: "2026-01-31T12:00:00Z",
});
/** So many groups of critical alerts fire. */
const firing = (items: AlertGroup[], total = items.length) =>
  hub.use(
    http.get("*/api/v1/alerts/groups", ({ request }) => {
      const { searchParams } = new URL(request.url);
      const mine = searchParams.get("severity") === "CRITICAL" ? items : [];
      const of = { items: mine, total: mine.length === 0 ? 0 : total, at_least: false };
      return HttpResponse.json({ ...getListAlertGroupsResponseMock(), ...of });
    }),
  );
const lasting = (name: string, id: string, times: number): LastingName => ({
  name,
  cluster_id: id,
  severity: "CRITICAL",
  lasting: times,
});

beforeEach(() => {
  asked.length = 0;
  const all = { items: [], total: 0 };
  const [virtual, ports] = [getListSriovStatusResponseMock(all), getListDpdkStatsResponseMock(all)];
  const NONE = { TEMPERATURE: 0, MEMORY_TEMPERATURE: 0, MEMORY_USED: 0, POWER_DRAW: 0 };
  const states = { FAILED: 0, CRASHING: 0, PENDING: 0, RUNNING: 0, SUCCEEDED: 0, UNKNOWN: 0 };
  const answers = {
    events: getListEventsResponseMock({ items: [], next_cursor: null }),
    "gpu/summary": getGetGpuSummaryResponseMock({ gpus: 0, nodes: 0, lost: 0, errors: 0, wasted: 0, by_cluster: [], raised: NONE }),
    "gpu/thresholds": getListGpuThresholdsResponseMock({ raised: [], total: 0 }),
    "cnf/workloads": getListCnfWorkloadsResponseMock({ ...all, by_state: states }),
    "cnf/ptp/status": getListPtpStatusResponseMock({ ...all, by_state: { LOCKED: 0, HOLDOVER: 0, FREERUN: 0, UNKNOWN: 0 } }),
    "cnf/sriov/status": { ...virtual, totals: { ...virtual.totals, exhausted: 0 } },
    "cnf/dpdk/stats": { ...ports, totals: { ...ports.totals, dropping: 0 } },
  };
  for (const [path, answer] of Object.entries(answers)) hub.use(http.get(`*/api/v1/${path}`, () => HttpResponse.json(answer)));
  firing([]);
  telling(stories([]));
});

const open = async (at = "/") => {
  await show(<AttentionPanel clusters={[cluster("edge-1")]} />, { at });
  return within(await screen.findByRole("region", { name: at === "/" ? "What matters now" : "What mattered then" }));
};
const cards = async (panel: Awaited<ReturnType<typeof open>>) => {
  const list = await panel.findByRole("list", { name: /^Incidents/ });
  return [...list.children].map((each) => each as HTMLElement);
};
const hrefOf = (card: HTMLElement, name: string | RegExp) => within(card).getByRole("link", { name }).getAttribute("href");

test("an incident is told with its cause, how far it reaches, what says so and since when", async () => {
  telling(stories([story("i-1", { acknowledged_by: "ada" })]));
  const [card] = await cards(await open());
  expect(card).toHaveTextContent(/^Critical:Node worker-3 not ready on edge-1/);
  expect(card).toHaveTextContent("Likely cause: node worker-3, 65 %");
  expect(within(card!).getByRole("list", { name: "What it is about" })).toHaveTextContent("1 cluster1 node3 pods");
  expect(card).toHaveTextContent("2 of 3 signals last · ada works on it");
  expect(card!.querySelector("time")).toHaveAttribute("datetime", "2026-01-31T12:00:00Z");
});

test("all that it needs is one read, what matters most first", async () => {
  telling(stories([story("i-1")]));
  await cards(await open());
  expect(asked).toHaveLength(1);
  expect(asked[0]!.getAll("include")).toEqual(["CAUSE", "REACH", "NAMES"]);
  expect(asked[0]!.get("sort")).toBe("impact");
});

test("the card leads to the incident, and to its cause, its replay, a question and a report", async () => {
  telling(stories([story("i-1")]));
  const [card] = await cards(await open());
  expect(hrefOf(card!, "Node worker-3 not ready")).toBe("/incidents/i-1");
  expect(hrefOf(card!, /^Cause/)).toBe("/incidents/i-1#incidents-cause");
  expect(hrefOf(card!, /^Replay/)).toBe("/incidents/i-1?as_of=2026-01-31T12:00:31.250Z");
  const ask = new URLSearchParams(hrefOf(card!, /^Ask/)!.replace("/chat?", ""));
  expect([ask.get("ask"), ask.getAll("cluster")]).toEqual(["What is the root cause of incident i-1?", ["c-1"]]);
  expect(hrefOf(card!, /^Report/)).toBe("/reports?report=new&of=i-1");
  expect(within(card!).getByRole("link", { name: "Ask: Node worker-3 not ready and 2 more" })).toBeVisible();
});

test("evidence leads to the event or to the query, each kind once", async () => {
  telling(stories([story("i-1")]));
  const [card] = await cards(await open());
  const evidence = within(within(card!).getByRole("list", { name: "What speaks for it" }));
  const links = evidence.getAllByRole("link");
  expect(links.map((each) => each.textContent)).toEqual([
    "Node not ready: KubeNodeNotReady of node/worker-3 since 12:00",
    "Log: disk full: Hypothesis: the disk is full",
    "+2",
  ]);
  expect(links[0]).toHaveAttribute("href", "/events?event=4");
  expect(links[1]!.getAttribute("href")).toMatch(/^\/observability\/logs\?query=/);
});

test("what is not known is said", async () => {
  telling(
    stories([
      story("i-1", { cause: null }),
      story("i-2", { cause: causeOf({ is_known: false }) }),
      story("i-3", { cause: causeOf({ redacted: true, told: null }) }),
    ]),
  );
  const [none, unknown, redacted] = await cards(await open());
  expect(none).toHaveTextContent("The cause was not looked for yet");
  expect(unknown).toHaveTextContent("Cause not known; best guess: node worker-3, 65 %");
  expect(redacted).toHaveTextContent("Cause not shown: it may tell of clusters that you do not see");
});

test("a long name is shortened for the eye and told whole to those who listen", async () => {
  const name = "shop/checkout-service-7c9d8f6b5-x2x4z-canary";
  telling(stories([story("i-1", { title: `KubePodNotReady on ${name}` })]));
  const [card] = await cards(await open());
  const link = within(card!).getByRole("link", { name: `Pod ${name} not ready` });
  expect(link).toHaveTextContent("Pod shop/checkout-servic…d8f6b5-x2x4z-canary not ready");
});

test("those that are not told one by one are counted by severity", async () => {
  const by_severity = { CRITICAL: 3, WARNING: 4, INFO: 0 };
  telling(stories([story("i-1")], { total: 7, by_severity }));
  const panel = await open();
  expect(await panel.findByRole("link", { name: "6 more incidents" })).toHaveAttribute("href", "/incidents?state=OPEN&state=ACKNOWLEDGED");
  expect(panel.getByRole("link", { name: "2 Critical" })).toHaveAttribute("href", "/incidents?severity=CRITICAL");
  expect(panel.getByRole("link", { name: "4 Warning" })).toHaveAttribute("href", "/incidents?severity=WARNING");
});

test("alerts that belong to an incident are not told again", async () => {
  telling(stories([story("i-1")], { lasting_by_name: [lasting("NodeDown", "c-1", 2), lasting("DiskFull", "c-1", 1)] }));
  firing([group("NodeDown", "c-1", 2), group("NodeDown", "c-2", 1), group("DiskFull", "c-1", 3)]);
  const panel = await open();
  const others = await panel.findByRole("link", { name: "NodeDown" });
  expect(others.closest("li")).toHaveTextContent("NodeDown on c-2");
  expect(panel.getByRole("link", { name: "DiskFull × 2" })).toBeVisible();
});

test("where all of them do, nothing is told below the incidents", async () => {
  telling(stories([story("i-1")], { lasting_by_name: [lasting("NodeDown", "c-1", 2), lasting("Other", "c-9", 1)] }));
  // One more group was not read: it is the other one, and belongs to an incident too.
  firing([group("NodeDown", "c-1", 2)], 2);
  const panel = await open();
  await cards(panel);
  expect(panel.queryByText("Also open")).toBeNull();
});

test("a state that is named as an alert takes nothing away", async () => {
  telling(stories([story("i-1")], { lasting_by_name: [lasting("NODE_DOWN", "c-1", 2)] }));
  firing([group("NODE_DOWN", "c-1", 2)]);
  expect(await (await open()).findByRole("link", { name: "NODE_DOWN × 2" })).toBeVisible();
});

test("in the past nothing is asked or written, and the replay stays", async () => {
  telling(stories([story("i-1")]));
  const [card] = await cards(await open("/?as_of=2026-01-31T12:10:00Z"));
  expect(within(card!).queryByRole("link", { name: /^(Ask|Report)/ })).toBeNull();
  expect(hrefOf(card!, /^Replay/)).toContain("as_of=2026-01-31T12:00:31.250Z");
});

test("without an incident, and with something else open, both are said", async () => {
  firing([group("NodeDown", "c-1", 2)]);
  const panel = await open();
  expect(await panel.findByText("No incident is open.")).toBeVisible();
  expect(panel.getByRole("link", { name: "NodeDown × 2" })).toBeVisible();
});

test("where incidents cannot be read every alert is told, and that the list is not complete", async () => {
  hub.use(http.get("*/api/v1/incidents", () => HttpResponse.json({ error: { message: "no" } }, { status: 500 })));
  firing([group("NodeDown", "c-1", 2)]);
  const panel = await open();
  expect(await panel.findByText(/This list is not complete/)).toBeVisible();
  expect(await panel.findByRole("link", { name: "NodeDown × 2" })).toBeVisible();
});
