import { screen, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { analysis, answering, causalEdge, CLUSTER, detail, entity, OTHER_CLUSTER, showIncident } from "@/features/incidents/testing";
import type { RcaClaim, RcaLive, RcaSeen } from "@/generated/api.schemas";

vi.setConfig({ testTimeout: 20_000 });

const TRACE = "0af7651916cd43dd8448eb211c80319c";

const seen = (changed: Partial<RcaSeen> = {}): RcaSeen => ({
  cluster_id: CLUSTER,
  backend: "PROMETHEUS",
  name: "ROLLOUT_BEGAN",
  severity: "INFO",
  where: ["workload/shop/cart", "namespace/shop"],
  text: "revision 8 of cart began to roll out",
  query: 'kube_deployment_status_observed_generation{deployment="cart"}',
  start: "2026-01-31T11:00:00Z",
  end: "2026-01-31T12:00:00Z",
  began_at: "2026-01-31T11:57:30Z",
  ...changed,
});
const log = seen({
  backend: "LOKI",
  name: "LOG_DISK_FULL",
  text: "no space left on device, 40 lines",
  query: '{namespace="shop"} |= "no space"',
  began_at: null,
});
const trace = seen({
  backend: "TEMPO",
  name: "TRACE_ERRORS",
  text: "12 of 40 calls failed",
  query: "{status=error}",
  began_at: "2026-01-31T11:55:00Z",
  trace_id: TRACE,
});

const live = (changed: Partial<RcaLive> = {}): RcaLive => ({
  seen: [seen(), log, trace],
  calls: [],
  looks: [{ cluster_id: CLUSTER, backend: "PROMETHEUS" }],
  ...changed,
});

function claiming(claim: Partial<RcaClaim>, told?: RcaLive) {
  const found = analysis();
  const claims = [{ text: "it was rolled out", cited: [], is_fact: true, ...claim }];
  const causes = [{ ...found.causes[0]!, claims }];
  return analysis({ causes, ...(told === undefined ? {} : { live: told }) });
}

const claimLinks = async () => {
  const list = await screen.findByRole("list", { name: "What speaks for it" });
  return within(list).queryAllByRole("link");
};
const block = async () => within(await screen.findByRole("region", { name: "Seen in metrics, logs and traces" }));
const addressOf = (link: HTMLElement) => new URL(link.getAttribute("href")!, "http://hub");
const rowsOf = (list: HTMLElement) => within(list).getAllByRole("listitem");

test("a claim that rests on nothing but what was seen live leads to each of it", async () => {
  answering({ one: detail(1), analyses: [claiming({ seen: [0, 1], effects_seen: [2] }, live())] });
  await showIncident(1);
  const links = await claimLinks();
  expect(links.map((each) => each.textContent)).toEqual(["metric", "log", "trace"]);
  expect(links[0]).toHaveAccessibleName("metric: revision 8 of cart began to roll out");
  expect(links[1]!.parentElement).toHaveAttribute("title", `${log.text}\n${log.query}`);
  const [metrics, logs, traces] = links.map(addressOf);
  expect(metrics!.pathname).toBe("/observability/metrics");
  expect(metrics!.searchParams.get("query")).toContain(seen().query);
  expect(metrics!.searchParams.get("clusters")).toContain(CLUSTER);
  expect(metrics!.searchParams.get("from")).toBe(seen().start);
  expect(metrics!.searchParams.get("to")).toBe(seen().end);
  expect(logs!.pathname).toBe("/observability/logs");
  expect(logs!.searchParams.get("query")).toBe(log.query);
  expect(traces!.pathname).toBe("/observability/traces");
  expect(traces!.searchParams.get("trace")).toBe(TRACE);
});

test("events and what was seen stand beside each other, and what is too much is counted", async () => {
  const many = Array.from({ length: 9 }, (_, at) => seen({ text: `pod ${at} began` }));
  const numbers = many.map((_, at) => at);
  answering({ one: detail(1), analyses: [claiming({ cited: [4], seen: numbers, effects_seen: [0, 40] }, live({ seen: many }))] });
  await showIncident(1);
  const links = await claimLinks();
  expect(links.map((each) => each.textContent)).toEqual(["event 4", ...Array<string>(6).fill("metric")]);
  expect(screen.getByText("and 3 more seen live")).toBeInTheDocument();
});

test("a backend that no page asks is named and leads nowhere", async () => {
  const strange = seen({ backend: "PYRO_SCOPE" as never });
  answering({ one: detail(1), analyses: [claiming({ seen: [0] }, live({ seen: [strange] }))] });
  await showIncident(1);
  expect(await claimLinks()).toEqual([]);
  expect(screen.getByRole("list", { name: "What speaks for it" })).toHaveTextContent("pyro scope: revision 8");
  expect((await block()).queryByRole("link")).not.toBeInTheDocument();
});

test("an analysis from before anything was asked has claims of events alone", async () => {
  answering({ one: detail(1), analyses: [claiming({ cited: [4], seen: [0] })] });
  await showIncident(1);
  expect((await claimLinks()).map((each) => each.textContent)).toEqual(["event 4"]);
  expect(screen.queryByRole("heading", { name: "Seen in metrics, logs and traces" })).not.toBeInTheDocument();
});

test("where nothing was asked nothing is said of it", async () => {
  answering({ one: detail(1), analyses: [claiming({}, live({ seen: [], looks: [] }))] });
  await showIncident(1);
  await claimLinks();
  expect(screen.queryByRole("heading", { name: "Seen in metrics, logs and traces" })).not.toBeInTheDocument();
});

test("all that was seen is listed in the order of time, each with its words and the way there", async () => {
  answering({ one: detail(1), analyses: [analysis({ live: live() })] });
  await showIncident(1);
  const shown = await block();
  const rows = rowsOf(shown.getByRole("list"));
  expect(rows).toHaveLength(3);
  expect(within(rows[0]!).getByText("Trace errors")).toBeInTheDocument();
  const links = within(rows[0]!).getAllByRole("link").map(addressOf);
  expect(links.map(({ searchParams }) => searchParams.get("query"))).toEqual([trace.query, trace.query]);
  expect(links.map(({ searchParams }) => searchParams.get("trace"))).toEqual([null, TRACE]);
  expect(rows[1]).toHaveTextContent(/metrics\s*Rollout began workload shop\/cart\s*revision 8 of cart began to roll out\s*Open/);
  expect(rows[1]!.querySelector("time")).toHaveAttribute("datetime", "2026-01-31T11:57:30Z");
  expect(rows[2]).toHaveTextContent(/^within the hour\s*logs\s*Log: disk full/);
});

test("more than six are folded", async () => {
  const many = Array.from({ length: 8 }, (_, at) => seen({ text: `pod ${at} began` }));
  answering({ one: detail(1), analyses: [analysis({ live: live({ seen: many }) })] });
  const { user } = await showIncident(1);
  const shown = await block();
  expect(rowsOf(shown.getByRole("list", { name: "Seen in metrics, logs and traces" }))).toHaveLength(6);
  expect(shown.getByText("pod 7 began")).not.toBeVisible();
  await user.click(shown.getByText("and 2 others"));
  expect(shown.getByText("pod 7 began")).toBeVisible();
});

test("what could not be seen is told, in whichever cluster", async () => {
  const clusters = [
    { id: CLUSTER, name: "edge-1" },
    { id: OTHER_CLUSTER, name: "edge-2" },
  ];
  const failure = "TIMEOUT it took longer than 8 s";
  const looks = [
    { cluster_id: CLUSTER, backend: "PROMETHEUS" as const },
    { cluster_id: OTHER_CLUSTER, backend: "LOKI" as const, failure },
  ];
  answering({ one: detail(1, { clusters }), analyses: [analysis({ live: live({ looks, seen: [seen()] }) })] });
  await showIncident(1);
  const shown = await block();
  expect(shown.getByText(`Logs of edge-2 were not seen: ${failure}`)).toBeInTheDocument();
  expect(shown.getByText("workload shop/cart, edge-1")).toBeInTheDocument();
});

test("that nothing stands out is said only where something answered", async () => {
  const looks = [{ cluster_id: CLUSTER, backend: "TEMPO" as const, failure: "refused" }];
  answering({ one: detail(1), analyses: [analysis({ live: live({ seen: [], looks }) })] });
  await showIncident(1);
  const shown = await block();
  expect(shown.getByText("Traces of edge-1 were not seen: refused")).toBeInTheDocument();
  expect(shown.queryByText("Nothing that stands out.")).not.toBeInTheDocument();
});

test("what happened to a place leads to what was seen live, where no event told it", async () => {
  const at = "2026-01-31T11:57:30Z";
  const place = entity("workload/shop/cart");
  const timeline = [
    { at, entity: place, text: "ROLLOUT_BEGAN (2 signals)", sequence: null, seen: 0 },
    { at, entity: place, text: "LOG_ERRORS", sequence: null, seen: 99 },
    { at, entity: place, text: "KubePodNotReady", sequence: 5 },
  ];
  const edges = [causalEdge("node/worker-3", "workload/shop/cart")];
  answering({ one: detail(1), analyses: [analysis({ edges, timeline, live: live() })] });
  const { user } = await showIncident(1);
  await user.click(await screen.findByRole("button", { name: /shop\/cart$/ }));
  const told = within(screen.getByRole("region", { name: "What happened to workload shop/cart" }));
  const rows = told.getAllByRole("listitem");
  expect(rows[0]).toHaveTextContent("Rollout began (2 signals) metric");
  expect(addressOf(within(rows[0]!).getByRole("link")).pathname).toBe("/observability/metrics");
  expect(rows[1]).toHaveTextContent(/Log: errors$/);
  expect(within(rows[2]!).getByRole("link", { name: "event 5" })).toBeInTheDocument();
});
