/** Questions with their answers, and what is being answered. Pure. */

import type { Feed } from "@/features/chat/stream/feeds";
import type { LiveTurn } from "@/features/chat/stream/turn";
import type { ChatMessageView } from "@/generated/api.schemas";

export interface Turn {
  /** Undefined: asked here, and not heard of yet. */
  question: ChatMessageView | undefined;
  /** What was asked. */
  text: string;
  answer: ChatMessageView | undefined;
  /** As it is being answered. */
  live: LiveTurn | undefined;
  state: "answering" | "ended" | "cancelled";
}

export function turnsOf(messages: readonly ChatMessageView[], feed: Feed | undefined, kept: Readonly<Record<string, LiveTurn>>): Turn[] {
  const answers = new Map(messages.filter(({ role }) => role === "ASSISTANT").map((each) => [each.turn_id, each]));
  const turns = messages.filter(({ role }) => role === "USER").map((question): Turn => {
    const answer = answers.get(question.turn_id);
    const live = feed?.turn.id === question.turn_id ? feed.turn : undefined;
    const isCancelled = answer === undefined && question.state === "CANCELLED";
    return {
      question,
      text: question.content,
      answer,
      live: live ?? (isCancelled ? kept[question.turn_id] : undefined),
      state: answer ? "ended" : isCancelled ? "cancelled" : "answering",
    };
  });
  const isThere = feed === undefined || turns.some(({ question }) => question?.turn_id === feed.turn.id) || isNewest(turns, feed);
  if (feed !== undefined && !isThere && feed.question !== undefined) {
    turns.push({ question: undefined, text: feed.question, answer: undefined, live: feed.turn, state: "answering" });
  }
  return turns;
}

/** What was asked is there already, and its stream has not said its id yet. */
function isNewest(turns: Turn[], feed: Feed): boolean {
  const last = turns.at(-1);
  return feed.turn.id === undefined && last?.state === "answering" && (feed.question === undefined || last.text.trim() === feed.question.trim());
}
