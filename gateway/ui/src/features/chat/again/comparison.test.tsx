import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { differencesOf } from "@/features/chat/again/comparison";
import { AGAIN, answer, answering, question, refused, session, SESSION, showChat, TURN } from "@/features/chat/testing";
import type { Compared } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";

const COMPARED: Compared = {
  same_text: false,
  same_tools: false,
  tools_only_before: ["list_alerts"],
  tools_only_again: [],
  figures_only_before: ["3"],
  figures_only_again: ["4"],
  hypotheses_before: 0,
  hypotheses_again: 1,
  unsupported_before: 0,
  unsupported_again: 0,
};
const SECOND = session({ id: AGAIN, title: "Again: What is wrong?", persona_id: "gpu-expert", rerun_of: { session_id: SESSION, message_id: TURN } });
const MESSAGES = [question({ id: "q9", turn_id: "q9", persona_id: "gpu-expert" }), answer({ id: "a9", turn_id: "q9", persona_id: "gpu-expert", content: "Four nodes are down." })];

test("an answer is asked for again of another persona, in a chat of its own", async () => {
  const heard = answering();
  const { user, where } = await showChat();
  await user.click(await screen.findByRole("button", { name: "What to do with this answer" }));
  await user.click(await screen.findByText("Ask again and compare"));
  const dialog = within(await screen.findByRole("dialog"));
  await user.click(dialog.getByRole("button", { name: "Persona: Platform assistant" }));
  await user.click(await screen.findByRole("menuitem", { name: /GPU expert/ }));
  await user.click(dialog.getByRole("button", { name: "Ask again" }));
  await waitFor(() => expect(heard.again).toEqual([{ message_id: TURN, persona_id: "gpu-expert", provider: null }]));
  await waitFor(() => expect(where()).toBe(`/chat/${AGAIN}`));
});

test("both answers stand side by side, and what differs is told", async () => {
  answering({ sessions: [SECOND], messages: MESSAGES });
  hub.use(http.get("*/api/v1/chat/sessions/:id/comparison", () => HttpResponse.json({ question: question(), before: answer(), again: MESSAGES[1], compared: COMPARED })));
  await showChat(AGAIN);
  const both = within(await screen.findByRole("region", { name: "Asked again" }));
  await waitFor(() => expect(both.getAllByRole("article")).toHaveLength(2));
  const [before, again] = both.getAllByRole("article");
  expect(before).toHaveTextContent("One node is down.");
  expect(again).toHaveTextContent("Four nodes are down.");
  expect(both.getByRole("link", { name: "in its chat" })).toHaveAttribute("href", `/chat/${SESSION}`);
  expect(within(both.getByRole("group", { name: "How they differ" })).getByText("Tools only there")).toBeInTheDocument();
});

test("where the first chat is over, the second answer stands alone", async () => {
  answering({ sessions: [SECOND], messages: MESSAGES });
  hub.use(http.get("*/api/v1/chat/sessions/:id/comparison", () => refused(404, "SESSION_NOT_FOUND", "there is no such session")));
  await showChat(AGAIN);
  expect(await screen.findByText("The first answer is there no more: its chat is over.")).toBeInTheDocument();
  expect(screen.getByText("Four nodes are down.")).toBeInTheDocument();
});

test("differences in words", () => {
  expect(differencesOf(COMPARED)).toEqual([
    ["Tools only there", "Alerts", "none"],
    ["Figures only there", "3", "4"],
    ["Hypotheses", "0", "1"],
  ]);
  expect(differencesOf({ ...COMPARED, tools_only_before: [], figures_only_before: [], figures_only_again: [], hypotheses_again: 0 })).toEqual([["Tools", "the same", "with other arguments"]]);
});
