/** One line on events of chats: what was said in them is sealed, so that they tell only that it was. */

import type {
  ChatMessage,
  ChatSessionCreated,
  ChatSessionDeleted,
  ModelCalled,
  ToolAnswered,
  ToolCalled,
  TurnCancelled,
} from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";

export interface ChatPayloads {
  CHAT_MESSAGE: ChatMessage;
  CHAT_SESSION_CREATED: ChatSessionCreated;
  CHAT_SESSION_DELETED: ChatSessionDeleted;
  MODEL_CALLED: ModelCalled;
  TOOL_ANSWERED: ToolAnswered;
  TOOL_CALLED: ToolCalled;
  TURN_CANCELLED: TurnCancelled;
}

export const CHAT_SUMMARIES: { readonly [Name in keyof ChatPayloads]: (payload: ChatPayloads[Name]) => string } = {
  CHAT_MESSAGE: ({ role, persona, model }) =>
    role === "USER" ? `A question to ${persona?.name ?? "an assistant"}` : `An answer by ${model ?? "fixed rules"}`,
  CHAT_SESSION_CREATED: ({ user }) => `A chat of ${user}`,
  CHAT_SESSION_DELETED: ({ user, reason }) => `The chat of ${user} ${reason === "EXPIRED" ? "has expired" : "was deleted"}`,
  MODEL_CALLED: ({ model, prompt_tokens, completion_tokens, reason }) =>
    model === null
      ? `No model was used: ${reason}`
      : `${model}: ${count(prompt_tokens)} tokens shown, ${plural(completion_tokens, "token")} said`,
  TOOL_ANSWERED: ({ tool, status, code }) => `${tool}: ${status}${code === null || code === undefined ? "" : `, ${code}`}`,
  TOOL_CALLED: ({ tool }) => tool,
  TURN_CANCELLED: () => "An answer was stopped",
};
