import { screen, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { analysis, answering, causalEdge, detail, entity, showIncident } from "@/features/incidents/testing";

vi.setConfig({ testTimeout: 20_000 });

const EDGES = [
  causalEdge("node/worker-3", "workload/shop/cart"),
  causalEdge("workload/shop/cart", "service/shop/cart", "CORRELATION", 0.4),
  causalEdge("node/worker-3", "pod/shop/cart-1", "TOPOLOGY", 1),
];
const TIMELINE = [{ at: "2026-01-31T11:58:00Z", entity: entity("node/worker-3"), text: "KubeNodeNotReady", sequence: 4 }];

const graph = async () => within(await screen.findByRole("region", { name: "What may have led to what" }));

test("the graph shows the cause and what it may have led to, with the lines explained", async () => {
  answering({ one: detail(1), analyses: [analysis({ edges: EDGES, timeline: TIMELINE })] });
  await showIncident(1);
  const shown = await graph();
  expect(shown.getByRole("button", { name: "node · the cause, 91 % worker-3" })).toBeInTheDocument();
  expect(shown.getByRole("button", { name: "workload · candidate 2, 12 % shop/cart" })).toBeInTheDocument();
  expect(within(shown.getByRole("list", { name: "Lines" })).getAllByRole("listitem")).toHaveLength(3);
});

test("the same is there as a list", async () => {
  answering({ one: detail(1), analyses: [analysis({ edges: EDGES })] });
  const { user } = await showIncident(1);
  const shown = await graph();
  await user.click(shown.getByText("The same as a list"));
  const list = within(shown.getByRole("list", { name: "What may have led to what" }));
  expect(list.getByText("node worker-3 was there first and may have led to workload shop/cart (80 %)")).toBeInTheDocument();
  expect(list.getByText("node worker-3 holds pod shop/cart-1")).toBeInTheDocument();
});

test("Enter on a place tells what happened to it and leads to its signals", async () => {
  answering({ one: detail(1), analyses: [analysis({ edges: EDGES, timeline: TIMELINE })] });
  const { user, where } = await showIncident(1);
  const shown = await graph();
  const node = shown.getByRole("button", { name: /worker-3$/ });
  node.focus();
  await user.keyboard("{Enter}");
  expect(node).toHaveAttribute("aria-pressed", "true");
  const told = within(shown.getByRole("region", { name: "What happened to node worker-3" }));
  expect(told.getByText(/KubeNodeNotReady/)).toBeInTheDocument();
  expect(told.getByRole("link", { name: "event 4" })).toHaveAttribute("href", "/events?event=4");
  await user.click(told.getByRole("button", { name: "Show its signals" }));
  expect(where()).toContain("q=node/worker-3");
});

test("of a storm the nearest are drawn, and the rest is counted", async () => {
  const edges = Array.from({ length: 60 }, (_, at) => causalEdge("node/worker-3", `pod/shop/p${at}`));
  answering({ one: detail(1), analyses: [analysis({ edges })] });
  await showIncident(1);
  expect((await graph()).getByText(/^and 21 other places/)).toBeInTheDocument();
});

test("where nothing has to do with anything there is no graph", async () => {
  answering({ one: detail(1), analyses: [analysis()] });
  await showIncident(1);
  await screen.findByText("node worker-3");
  expect(screen.queryByRole("region", { name: "What may have led to what" })).not.toBeInTheDocument();
});

test("who is called by whom has a line of its own, and is told as such", async () => {
  const calls = causalEdge("service/shop/db", "workload/shop/cart", "CALLS", 1);
  answering({ one: detail(1), analyses: [analysis({ edges: [...EDGES, calls] })] });
  const { user, container } = await showIncident(1);
  const shown = await graph();
  expect(within(shown.getByRole("list", { name: "Lines" })).getByText("is called by the other")).toBeInTheDocument();
  expect(container.querySelector(".incidents-graph-sheet .is-calls")).toBeInTheDocument();
  await user.click(shown.getByText("The same as a list"));
  expect(shown.getByText("service shop/db is called by workload shop/cart")).toBeInTheDocument();
});
