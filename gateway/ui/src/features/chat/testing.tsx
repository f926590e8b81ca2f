/** A hub with chats, and a stream of an answer that a test speaks. */

import { act, waitFor } from "@testing-library/react";
import { delay, http, HttpResponse } from "msw";
import { expect } from "vitest";

import { ChatPage } from "@/features/chat/page";
import { readChatSearch } from "@/features/chat/search";
import { getWhoAmIQueryKey } from "@/generated/api";
import type { ChatMessageView, ChatModel, ChatSessionView, ChatStep, PersonaView, ToolCallView } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

export const SESSION = "0199c0de-0000-7000-8000-000000000001";
export const TURN = "0199c0de-0000-7000-8000-00000000000a";
const AT = "2026-03-04T12:00:00Z";
const API = "*/api/v1";

export const session = (changes: Partial<ChatSessionView> = {}): ChatSessionView => ({
  id: SESSION,
  user_id: "ada",
  title: "What is wrong?",
  persona_id: "default",
  cluster_ids: [],
  provider: null,
  message_count: 2,
  created_at: AT,
  updated_at: AT,
  expires_at: "2026-03-05T12:00:00Z",
  is_answering: false,
  rerun_of: null,
  ...changes,
});

export const persona = (changes: Partial<PersonaView> = {}): PersonaView => ({
  id: "default",
  name: "Platform assistant",
  description: "General questions.",
  system_prompt: "You help.",
  capabilities: ["list_incidents", "list_alerts", "query_metrics", "analyze_root_cause", "get_event_history"],
  icon: "ASSISTANT",
  extends: null,
  is_builtin: true,
  created_by: null,
  version: null,
  changed_at: null,
  changed_by: null,
  ...changes,
});

export const call = (changes: Partial<ToolCallView> = {}): ToolCallView => ({
  id: "1-1",
  tool: "list_alerts",
  arguments: { severity: "CRITICAL" },
  status: "SUCCESS",
  code: null,
  result: { tool: "list_alerts", data: { total: 1, items: [{ alertname: "NodeDown", severity: "CRITICAL", id: "a" }] }, cut: [], next: null },
  latency_ms: 340,
  sequence: 41,
  ...changes,
});

export const step = (changes: Partial<ChatStep> = {}): ChatStep => ({
  round: 1,
  text: "",
  calls: [call()],
  provider: "local",
  model: "qwen",
  reason: "",
  prompt_version: "chat-1",
  prompt_tokens: 900,
  completion_tokens: 40,
  latency_ms: 1_200,
  first_token_ms: 200,
  shown_sha256: null,
  cut: false,
  sequence: 40,
  ...changes,
});

export const question = (changes: Partial<ChatMessageView> = {}): ChatMessageView => ({
  id: TURN,
  turn_id: TURN,
  role: "USER",
  content: "What is wrong?",
  persona_id: "default",
  cluster_ids: [],
  created_at: AT,
  sequence: 39,
  state: "ENDED",
  steps: [],
  claims: [],
  end: null,
  provider: null,
  model: null,
  prompt_tokens: 0,
  completion_tokens: 0,
  latency_ms: null,
  ...changes,
});

export const answer = (changes: Partial<ChatMessageView> = {}): ChatMessageView => ({
  ...question({ id: "0199c0de-0000-7000-8000-00000000000b", role: "ASSISTANT", content: "One node is down.", steps: [step()], end: "COMPLETE", provider: "local", model: "qwen" }),
  prompt_tokens: 900,
  completion_tokens: 40,
  latency_ms: 2_400,
  ...changes,
});

/** One connection to the stream: what is said over it, and how it ends. */
class Wire {
  readonly #encoder = new TextEncoder();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.#controller = controller) });

  say(name: string, data: object): Promise<void> {
    return this.raw(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  raw(text: string): Promise<void> {
    return act(async () => {
      this.#controller.enqueue(this.#encoder.encode(text));
      await delay(60);
    });
  }

  end(): Promise<void> {
    return act(async () => {
      this.#controller.close();
      await delay(20);
    });
  }

  breakOff(): Promise<void> {
    return act(async () => {
      this.#controller.error(new Error("gone"));
      await delay(20);
    });
  }
}

export interface World {
  sessions: ChatSessionView[];
  messages: ChatMessageView[];
  personas: PersonaView[];
  models: ChatModel[];
}

export interface Heard {
  begun: unknown[];
  asked: unknown[];
  again: unknown[];
  cancelled: number;
  erased: string[];
  /** Connections, those that asked and those that only listen. */
  wires: Wire[];
  world: World;
}

/** The hub has this, and hears what is done. */
export function answering(given: Partial<World> = {}): Heard {
  const world: World = {
    sessions: [session()],
    messages: [question(), answer()],
    personas: [persona(), persona({ id: "gpu-expert", name: "GPU expert", capabilities: ["get_gpu_summary"] })],
    models: [{ name: "local", model: "qwen" }],
    ...given,
  };
  const heard: Heard = { begun: [], asked: [], again: [], cancelled: 0, erased: [], wires: [], world };
  const page = <Item,>(items: readonly Item[]) => ({ items, total: items.length, page: 1, page_size: 100, total_pages: 1 });
  const stream = () => {
    const wire = new Wire();
    heard.wires.push(wire);
    return new HttpResponse(wire.body, { headers: { "content-type": "text/event-stream" } });
  };
  hub.use(
    http.get(`${API}/personas`, () => HttpResponse.json(page(world.personas))),
    http.get(`${API}/incidents`, () => HttpResponse.json(page([{ id: "i", title: "NodeDown on w-3" }]))),
    http.get(`${API}/fleet/health`, () => HttpResponse.json({ items: [] })),
    http.get(`${API}/chat/models`, () => HttpResponse.json({ items: world.models })),
    http.get(`${API}/chat/sessions`, () => HttpResponse.json(page(world.sessions))),
    http.post(`${API}/chat/sessions`, async ({ request }) => {
      heard.begun.push(await request.json());
      world.sessions = [session({ title: "New chat" })];
      world.messages = [];
      return HttpResponse.json(world.sessions[0], { status: 201 });
    }),
    http.get(`${API}/chat/sessions/:id`, ({ params }) => {
      const found = world.sessions.find(({ id }) => id === params["id"]);
      return found ? HttpResponse.json(found) : refused(404, "SESSION_NOT_FOUND", "there is no such session");
    }),
    http.delete(`${API}/chat/sessions/:id`, ({ params }) => {
      heard.erased.push(String(params["id"]));
      world.sessions = world.sessions.filter(({ id }) => id !== params["id"]);
      return new HttpResponse(null, { status: 204 });
    }),
    http.get(`${API}/chat/sessions/:id/messages`, () => HttpResponse.json({ items: world.messages })),
    http.get(`${API}/chat/sessions/:id/stream`, stream),
    http.post(`${API}/chat/sessions/:id/stream`, async ({ request }) => {
      heard.asked.push(await request.json());
      return stream();
    }),
    http.post(`${API}/chat/sessions/:id/cancel`, () => {
      heard.cancelled += 1;
      return HttpResponse.json(session());
    }),
    http.post(`${API}/chat/sessions/:id/rerun`, async ({ request }) => {
      heard.again.push(await request.json());
      return HttpResponse.json(session({ id: AGAIN, rerun_of: { session_id: SESSION, message_id: TURN } }), { status: 201 });
    }),
  );
  return heard;
}

export const AGAIN = "0199c0de-0000-7000-8000-000000000002";

export const refused = (status: number, code: string, message: string) =>
  HttpResponse.json({ error: { code, message, details: {}, trace_id: "t" } }, { status });

/** The next question is refused. */
export function refusing(status: number, code: string, message: string): void {
  hub.use(http.post(`${API}/chat/sessions/:id/stream`, () => refused(status, code, message), { once: true }));
}

export const showNew = (search = "") => shown({ at: `/chat${search}`, path: "/chat", readSearch: readChatSearch });

export const showChat = (id = SESSION) => shown({ at: `/chat/${id}`, path: "/chat/$sessionId" });

/** As in the shell it is known who is here. */
async function shown(options: Parameters<typeof show>[1]) {
  const all = await show(<ChatPage />, options);
  await waitFor(() => expect(all.client.getQueryData(getWhoAmIQueryKey())).toBeDefined());
  return all;
}
