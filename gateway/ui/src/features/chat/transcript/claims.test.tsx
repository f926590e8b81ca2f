import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { answer, answering, call, question, showChat, step } from "@/features/chat/testing";
import { citedIn } from "@/features/chat/transcript/evidence";
import type { Claim } from "@/generated/api.schemas";

const CONTENT = "Two nodes are down. Load is 0.93 of what there is. A switch has failed. It began in event 41.";
const about = (words: string, changes: Partial<Claim>): Claim => ({
  start: CONTENT.indexOf(words),
  end: CONTENT.indexOf(words) + words.length,
  evidence: [],
  is_hypothesis: false,
  is_unsupported: false,
  ...changes,
});
const CLAIMS: Claim[] = [
  about("Two nodes are down.", {
    evidence: [
      { kind: "TOOL", call_id: "1-1", sequence: null, label: "list_alerts", link: null },
      { kind: "TOOL", call_id: "1-1", sequence: null, label: "list_alerts", link: "/api/v1/alerts/a-1" },
    ],
  }),
  about("Load is 0.93 of what there is.", { evidence: [{ kind: "QUERY", call_id: "1-2", sequence: null, label: "node_load1", link: null }], is_unsupported: true }),
  about("A switch has failed.", { is_hypothesis: true }),
  about("It began in event 41.", { evidence: [{ kind: "EVENT", call_id: "1-1", sequence: 41, label: "ALERT_FIRED", link: "/api/v1/events/41" }] }),
];
const CALLS = [call(), call({ id: "1-2", tool: "query_metrics", arguments: { query: "node_load1", cluster_ids: ["c1"], start_time: "2026-03-04T11:00:00Z" } })];

async function told() {
  answering({ messages: [question(), answer({ content: CONTENT, claims: CLAIMS, steps: [step({ calls: CALLS })] })] });
  const shown = await showChat();
  return { ...shown, article: await screen.findByRole("article", { name: "Answer" }) };
}

test("each sentence leads to what it rests on", async () => {
  const { article, user } = await told();
  const inside = within(article);
  expect(inside.getByRole("link", { name: "Evidence 2: Query: node_load1, asked by Metrics" })).toHaveAttribute(
    "href",
    "/observability/metrics?query=node_load1&clusters=c1&from=2026-03-04T11:00:00Z&to=now",
  );
  expect(inside.getByRole("link", { name: "Evidence 3: Event of the log: ALERT_FIRED, event 41" })).toHaveAttribute("href", "/events?event=41");
  expect(inside.getByRole("link", { name: "Open this alert" })).toHaveAttribute("href", "/alerts?alert=a-1");
  await user.click(inside.getByRole("button", { name: "Evidence 1: What a tool told: Alerts" }));
  expect(await inside.findByRole("cell", { name: "NodeDown" })).toBeInTheDocument();
  expect(inside.getByText("severity", { selector: "dt" })).toBeInTheDocument();
});

test("what is a guess, and what nothing bears out, is marked in words", async () => {
  const { article } = await told();
  const inside = within(article);
  expect(inside.getByText("hypothesis: no analysis bears it out")).toBeInTheDocument();
  expect(inside.getByText("Load is 0.93 of what there is.")).toHaveClass("is-unsupported");
  expect(inside.getByRole("note", { name: /A figure in it stands in nothing/ })).toBeInTheDocument();
  expect(inside.getByText("1 hypothesis, 1 sentence with figures that nothing bears out")).toBeInTheDocument();
});

test("the hub counts characters: beyond the first plane each is one", () => {
  const content = "😀😀 One. Two.";
  const { claims } = citedIn({ content, claims: [about("", { start: 3, end: 7 }), about("", { start: 8, end: 99 })] });
  expect(claims.map(({ from, to }) => content.slice(from, to))).toEqual(["One.", "Two."]);
});

test("claims that overlap or are empty are left out, and evidence is numbered once", () => {
  const evidence: Claim["evidence"] = [{ kind: "TOOL", call_id: "x", sequence: null, label: "list_alerts", link: null }];
  const found = citedIn({ content: "abcdef", claims: [about("", { start: 0, end: 3, evidence }), about("", { start: 2, end: 4 }), about("", { start: 5, end: 5 }), about("", { start: 4, end: 6, evidence })] });
  expect(found.claims.map(({ from }) => from)).toEqual([0, 4]);
  expect(found.evidence).toHaveLength(1);
});

test("no model, and how it was made, is told", async () => {
  const steps = [step({ model: null, provider: null, reason: "none is configured", prompt_version: "analyst-1" })];
  answering({ messages: [question(), answer({ model: null, provider: null, steps, end: "TIME" })] });
  const { user } = await showChat();
  expect(await screen.findByText(/^No model was used: none is configured/)).toBeInTheDocument();
  expect(screen.getByText("Its time was over: this is what it had found.")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "1 tool call" }));
  expect(screen.getByText("By fixed rules · in 2.4 s · 900 tokens read, 40 written · prompt analyst-1")).toBeInTheDocument();
});
