import type { ChatSessionView, Outcome } from "@/generated/api.schemas";

/** A chat that was begun; a hub that is behind has only taken it, and does not show it yet. */
export function begun(answer: ChatSessionView | Outcome): ChatSessionView {
  if ("persona_id" in answer) return answer;
  throw new Error("The hub is behind: the chat is being begun. Try again in a moment.");
}
