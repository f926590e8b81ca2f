/** Events of chats, what is told of each, and its entity. */

import type { ChatPayloads } from "@/features/events/chat-summary";

const of = { session_id: "cccccccc-cccc-5ccc-8ccc-cccccccccccc", turn_id: "cccccccc-cccc-5ccc-8ccc-cccccccccc01" };
const session = { session_id: of.session_id, user: "ann" };
const call = { ...of, call_id: "1-1", tool: "list_alerts" };

export const CHAT_TOLD: { [Name in keyof ChatPayloads]: [ChatPayloads[Name], told: string, entity: string] } = {
  CHAT_MESSAGE: [
    { ...of, message_id: of.turn_id, role: "ASSISTANT", number: 2, content: "AQ", model: "qwen3-8b" },
    "An answer by qwen3-8b",
    "chat",
  ],
  CHAT_SESSION_CREATED: [
    { ...session, title: null, persona_id: "default", expires_at: "2026-02-01T12:00:00Z" },
    "A chat of ann",
    "chat",
  ],
  CHAT_SESSION_DELETED: [{ ...session, reason: "DELETED" }, "The chat of ann was deleted", "chat"],
  MODEL_CALLED: [
    {
      ...of,
      round: 1,
      said: "AQ",
      provider: "default",
      model: "qwen3-8b",
      prompt_version: "converse-1",
      prompt_tokens: 1812,
      completion_tokens: 64,
      latency_ms: 900,
      shown_sha256: null,
    },
    "qwen3-8b: 1,812 tokens shown, 64 tokens said",
    "chat",
  ],
  TOOL_ANSWERED: [{ ...call, status: "TIMEOUT", code: "QUERY_TIMEOUT", result: "AQ", latency_ms: 9 }, "list_alerts: TIMEOUT, QUERY_TIMEOUT", "chat"],
  TOOL_CALLED: [{ ...call, arguments: "AQ" }, "list_alerts", "chat"],
  TURN_CANCELLED: [{ ...of, number: 1 }, "An answer was stopped", "chat"],
};
