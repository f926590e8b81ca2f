import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";

import { answer, answering, call, persona, question, refusing, session, SESSION, showChat, showNew, step, TURN } from "@/features/chat/testing";
import { useDrafts } from "@/features/chat/composer/drafts";
import { unfollow, useFeeds } from "@/features/chat/stream/feeds";
import type { Heard } from "@/features/chat/testing";

afterEach(() => {
  unfollow(SESSION);
  act(() => {
    useDrafts.setState({ of: {} });
    useFeeds.setState({ of: {}, wrong: {}, stopped: {} });
  });
});

const field = () => screen.findByRole("textbox", { name: "Your question" });
const wire = async (heard: Heard, at = 0) => {
  await waitFor(() => expect(heard.wires.length).toBeGreaterThan(at));
  return heard.wires[at]!;
};
/** The question is there, and is being answered. */
const taken = (heard: Heard, text: string) => {
  heard.world.messages = [...heard.world.messages, question({ id: "q2", turn_id: "q2", content: text, state: "RUNNING" })];
};

test("a new chat offers what can be asked, and shows the answer as it is made", async () => {
  const heard = answering();
  const { user, where } = await showNew();
  expect(await screen.findByRole("button", { name: "Why “NodeDown on w-3”?" })).toBeInTheDocument();
  await user.click(await screen.findByRole("button", { name: "What is wrong right now, and what first?" }));
  const stream = await wire(heard);
  expect(heard.begun).toEqual([{ persona_id: "default", cluster_ids: [], provider: null }]);
  expect(heard.asked).toEqual([{ content: "What is wrong right now, and what first?" }]);
  expect(where()).toBe(`/chat/${SESSION}`);
  await stream.say("message_start", { turn_id: TURN, message_id: TURN, round: 1 });
});

test("words and tools appear as they come, and the answer takes their place", async () => {
  const heard = answering();
  const { user } = await showChat();
  await user.type(await field(), "And now?{Enter}");
  expect(await screen.findByText("being sent …")).toBeInTheDocument();
  taken(heard, "And now?");
  const stream = await wire(heard);
  expect(heard.asked).toEqual([{ content: "And now?", persona_id: "default", cluster_ids: [] }]);
  await stream.say("message_start", { turn_id: "q2", message_id: "q2", round: 1 });
  await stream.say("tool_use", { turn_id: "q2", call_id: "1-1", tool: "query_metrics", arguments: { query: "up" }, round: 1 });
  expect(await screen.findByText("Asking: Metrics")).toBeInTheDocument();
  await stream.say("tool_result", { turn_id: "q2", call_id: "1-1", tool: "query_metrics", status: "ERROR", code: "QUERY_TIMEOUT", result: "too slow", latency_ms: 15_000 });
  expect(await screen.findByText("query timeout")).toBeInTheDocument();
  await stream.say("message_start", { turn_id: "q2", message_id: "q2", round: 2 });
  await stream.say("content_delta", { turn_id: "q2", text: "It is **bet", at: 0, reset: false });
  await stream.say("content_delta", { turn_id: "q2", text: "ter**.", at: 11, reset: false });
  expect(await screen.findByText("better")).toBeInTheDocument();
  const told = answer({ id: "a2", turn_id: "q2", content: "It is better." });
  heard.world.messages = [question(), answer(), question({ id: "q2", turn_id: "q2", content: "And now?" }), told];
  await stream.say("message_complete", { message: told });
  expect(await screen.findByText("It is better.")).toBeInTheDocument();
  expect(await screen.findByText(/^The answer is there/)).toBeInTheDocument();
  expect(await screen.findByRole("button", { name: "Ask" })).toBeInTheDocument();
});

test("what breaks off is followed again, and asked no second time", async () => {
  const heard = answering();
  const { user } = await showChat();
  await user.type(await field(), "And now?{Enter}");
  const first = await wire(heard);
  taken(heard, "And now?");
  await first.say("message_start", { turn_id: "q2", message_id: "q2", round: 1 });
  await first.say("content_delta", { turn_id: "q2", text: "One ", at: 0, reset: false });
  await first.breakOff();
  expect(await screen.findByText(/connection has broken off/)).toBeInTheDocument();
  const second = await wire(heard, 1);
  await second.say("content_delta", { turn_id: "q2", text: "three", at: 8, reset: false });
  expect(await screen.findByText(/Some words were missed/)).toBeInTheDocument();
  await second.say("content_delta", { turn_id: "q2", text: "One two three", at: 0, reset: true });
  expect(await screen.findByText("One two three")).toBeInTheDocument();
  expect(heard.asked).toHaveLength(1);
});

test("an answer is stopped by Escape; what was there stays, and it is said", async () => {
  const heard = answering();
  const { user } = await showChat();
  await user.type(await field(), "And now?{Enter}");
  taken(heard, "And now?");
  const stream = await wire(heard);
  await stream.say("message_start", { turn_id: "q2", message_id: "q2", round: 1 });
  await stream.say("content_delta", { turn_id: "q2", text: "So far so good", at: 0, reset: false });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(heard.cancelled).toBe(1));
  heard.world.messages = [question(), answer(), question({ id: "q2", turn_id: "q2", content: "And now?", state: "CANCELLED" })];
  await stream.say("cancelled", { turn_id: "q2" });
  expect(await screen.findByText("Stopped. This is what was there by then.")).toBeInTheDocument();
  expect(screen.getByText("So far so good")).toBeInTheDocument();
  expect(screen.getByText("The answer was stopped.")).toBeInTheDocument();
});

test("another window follows what was asked elsewhere", async () => {
  const running = question({ state: "RUNNING", steps: [step({ calls: [call({ status: null, result: null, latency_ms: null })] })] });
  const heard = answering({ sessions: [session({ is_answering: true })], messages: [running] });
  await showChat();
  const stream = await wire(heard);
  expect(heard.asked).toEqual([]);
  expect(await screen.findByText("Asking: Alerts")).toBeInTheDocument();
  await stream.say("content_delta", { turn_id: TURN, text: "One node", at: 0, reset: false });
  expect(await screen.findByText("One node")).toBeInTheDocument();
});

test("what the hub refuses goes back to where it was written", async () => {
  answering();
  const { user } = await showChat();
  refusing(409, "TURN_IN_PROGRESS", "a question is being answered");
  await user.type(await field(), "And now?{Enter}");
  expect(await screen.findByText("Another question is being answered: yours is still here", { exact: false })).toBeInTheDocument();
  expect(await field()).toHaveValue("And now?");
});

test("from a chat that is over the question goes along into a new one", async () => {
  answering();
  const { user, where } = await showChat();
  refusing(410, "SESSION_EXPIRED", "this session is over; begin a new one");
  await user.type(await field(), "And now?{Enter}");
  await user.click(await screen.findByRole("button", { name: "Begin a new one with this question" }));
  await waitFor(() => expect(where()).toBe("/chat"));
  expect(Object.values(useDrafts.getState().of)).toEqual(["And now?"]);
});

test("a chat that is no more says so, and what follows", async () => {
  answering({ sessions: [] });
  await showChat();
  expect(await screen.findByText("This chat is over")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Begin a new one" })).toBeInTheDocument();
});

test("a link writes the question, and sends nothing", async () => {
  const heard = answering();
  const { where } = await showNew("?ask=Why%20this%3F");
  await waitFor(async () => expect(await field()).toHaveValue("Why this?"));
  expect(where()).toBe("/chat");
  expect(heard.begun).toEqual([]);
});

test("a line is begun by Shift and Enter, too much is not sent, and a draft is kept", async () => {
  const heard = answering();
  const { user } = await showChat();
  await user.type(await field(), "One{Shift>}{Enter}{/Shift}two");
  expect(await field()).toHaveValue("One\ntwo");
  await user.clear(await field());
  await user.click(await field());
  await user.paste("x".repeat(16_001));
  expect(screen.getByText("A question has at most 16,000 characters")).toBeInTheDocument();
  await user.keyboard("{Enter}");
  expect(heard.asked).toEqual([]);
  expect(Object.values(useDrafts.getState().of)[0]).toHaveLength(16_001);
});

test("erasing asks first, and says what it does", async () => {
  const heard = answering();
  const { user, where } = await showChat();
  const list = await screen.findByRole("list", { name: "Your chats" });
  await user.click(await within(list).findByRole("button", { name: "Erase the chat: What is wrong?" }));
  expect(await screen.findByText(/erases everything that was said/)).toBeInTheDocument();
  expect(heard.erased).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Erase it" }));
  await waitFor(() => expect(heard.erased).toEqual([SESSION]));
  await waitFor(() => expect(where()).toBe("/chat"));
});

test("without a model that is said before anything is asked", async () => {
  answering({ models: [] });
  await showNew();
  expect(await screen.findByText("Fixed rules, no model")).toBeInTheDocument();
});

test("a persona says what it is for and what it may use", async () => {
  answering({ personas: [persona(), persona({ id: "gpu-expert", name: "GPU expert", description: "GPUs.", capabilities: ["get_gpu_summary"] })] });
  const { user, where } = await showNew();
  await user.click(await screen.findByRole("button", { name: "Persona: Platform assistant" }));
  await user.click(await screen.findByRole("menuitem", { name: /GPU expert/ }));
  await waitFor(() => expect(where()).toBe("/chat?persona=gpu-expert"));
  expect(await screen.findByRole("button", { name: "How busy are our GPUs, and which stand idle?" })).toBeInTheDocument();
});

test("what is asked in vain because nobody answers is not lost", async () => {
  const heard = answering();
  const { user } = await showChat();
  await user.type(await field(), "And now?{Enter}");
  const stream = await wire(heard);
  await stream.say("error", { code: "QUERY_TIMEOUT", message: "there is no answer in time" });
  expect(await screen.findByText("there is no answer in time", { exact: false })).toBeInTheDocument();
  // Whether it has arrived is seen: it has not.
  expect(await field()).toHaveValue("And now?");
});
