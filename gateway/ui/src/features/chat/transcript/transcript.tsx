import { Button } from "@patternfly/react-core";
import { ArrowDownIcon } from "@patternfly/react-icons";
import { useState, type ReactNode } from "react";

import { usePersonaNaming } from "@/features/chat/shared/use-chats";
import type { Feed } from "@/features/chat/stream/feeds";
import { Answer } from "@/features/chat/transcript/answer";
import { doubts } from "@/features/chat/transcript/claims";
import { Question } from "@/features/chat/transcript/question";
import type { Turn } from "@/features/chat/transcript/turns";
import type { AtEnd } from "@/features/chat/transcript/use-at-end";
import type { ChatMessageView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

interface TranscriptProps {
  turns: readonly Turn[];
  feed: Feed | undefined;
  atEnd: AtEnd;
  /** What is asked of next: of what is on its way nothing else is known. */
  persona: string;
  /** Stands in the place of the first question and its answer. */
  first?: ReactNode;
  onAgain: (answer: ChatMessageView) => void;
}

/** All that was asked and answered; it follows what is being said as long as one is at its end. */
export function Transcript({ turns, feed, atEnd, persona, first, onAgain }: TranscriptProps) {
  const names = usePersonaNaming();
  const { scroller, content, isAtEnd, toEnd } = atEnd;
  return (
    <div className="chat-scroller-frame">
      <div ref={scroller} className="chat-scroller" tabIndex={0} role="group" aria-label="What was said">
        <div ref={content} className="chat-transcript">
          {first}
          {turns.map((turn, at) => first !== undefined && at === 0 ? null : (
            <div key={at} className="chat-turn">
              <Question text={turn.text} clusters={turn.question?.cluster_ids ?? []} at={turn.question?.created_at} />
              <Answer
                turn={turn}
                persona={names(turn.question?.persona_id ?? persona)}
                isReconnecting={turn.live !== undefined && feed?.state === "reconnecting"}
                isStopping={turn.live !== undefined && (feed?.isStopping ?? false)}
                onAgain={onAgain}
              />
            </div>
          ))}
        </div>
      </div>
      {isAtEnd ? null : (
        <Button className="chat-to-end" variant="secondary" size="sm" icon={<ArrowDownIcon />} onClick={toEnd}>
          To the end
        </Button>
      )}
      <Announced turn={turns.at(-1)} />
    </div>
  );
}

/** Those who do not see it hear that an answer has come, and how sure it is; not each word. */
function Announced({ turn }: { turn: Turn | undefined }) {
  const state = turn?.state;
  const [last, setLast] = useState({ state, said: "" });
  if (last.state !== state) setLast({ state, said: saidOf(last.state, turn) });
  return (
    <p className="visually-hidden" role="status" aria-live="polite">
      {last.said}
    </p>
  );
}

/** Of an answer that was there before, as when a chat is opened, nothing is said. */
function saidOf(before: Turn["state"] | undefined, turn: Turn | undefined): string {
  if (turn?.state === "answering") return "The question is being answered.";
  if (before !== "answering" || turn === undefined) return "";
  return turn.state === "cancelled" ? "The answer was stopped." : turn.answer ? told(turn.answer) : "";
}

function told({ claims, steps }: ChatMessageView): string {
  const calls = steps.reduce((sum, step) => sum + step.calls.length, 0);
  return [`The answer is there, from ${plural(calls, "tool call")}`, doubts(claims)].filter(Boolean).join("; ").concat(".");
}
