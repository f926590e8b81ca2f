import { DropdownItem, DropdownList } from "@patternfly/react-core";
import { useMemo, useState, type ReactNode } from "react";

import { ActionMenu } from "@/components/action-menu";
import { Ago } from "@/components/timestamp";
import { Markdown } from "@/components/words/markdown";
import { Charts } from "@/features/chat/results/charts";
import { ENDS } from "@/features/chat/shared/words";
import { ClaimedWords, doubts } from "@/features/chat/transcript/claims";
import { OpenCallContext } from "@/features/chat/transcript/open-call";
import { Steps, type Step } from "@/features/chat/transcript/steps";
import type { Turn } from "@/features/chat/transcript/turns";
import { Ways } from "@/features/chat/transcript/ways";
import type { ChatMessageView } from "@/generated/api.schemas";
import { useCopied } from "@/lib/copied";

interface AnswerProps {
  turn: Turn;
  /** Whom it was asked of. */
  persona: string;
  /** It goes on elsewhere, or its stream has broken off. */
  isReconnecting: boolean;
  isStopping: boolean;
  onAgain?: ((answer: ChatMessageView) => void) | undefined;
}

/** What was answered, or is being answered, to one question. */
export function Answer({ turn, persona, isReconnecting, isStopping, onAgain }: AnswerProps) {
  const { answer, live, question, state } = turn;
  const [wanted, setWanted] = useState<{ call: string; times: number }>();
  const [areOpen, setOpen] = useState<boolean>();
  const opening = useMemo(() => {
    const open = (call: string) => {
      setWanted((before) => ({ call, times: (before?.times ?? 0) + 1 }));
      setOpen(true);
    };
    return { wanted, open, areOpen, setOpen };
  }, [wanted, areOpen]);
  const steps: readonly Step[] = answer?.steps ?? live?.steps ?? question?.steps ?? [];
  const last = steps.at(-1);
  // What comes before a tool is called is no answer; after the last one it may become it.
  const words = answer === undefined && last?.calls.length === 0 ? last.text : "";
  return (
    <OpenCallContext value={opening}>
      <article className="chat-answer" aria-label="Answer" aria-busy={state === "answering"}>
        <header className="chat-answer-head">
          <h2 className="chat-answer-who">{persona}</h2>
          {answer ? <Foot answer={answer} onAgain={onAgain} /> : null}
        </header>
        <Steps steps={steps} isOpen={state === "answering" && words === ""} isOver={state !== "answering"} answer={answer} />
        {answer ? <Told answer={answer} /> : null}
        {words === "" ? null : (
          <div className="chat-words">
            <Markdown text={words} />
          </div>
        )}
        {state === "answering" ? <Doing hasWords={words !== ""} isMissing={live?.isMissingWords ?? false} isReconnecting={isReconnecting} isStopping={isStopping} /> : null}
        {state === "cancelled" ? (
          <p className="chat-note">Stopped. {steps.length > 0 || words !== "" ? "This is what was there by then." : "There was nothing yet."}</p>
        ) : null}
      </article>
    </OpenCallContext>
  );
}

function Told({ answer }: { answer: ChatMessageView }) {
  const end = answer.end === null ? undefined : ENDS[answer.end];
  const reason = answer.steps.findLast(({ model }) => model === null)?.reason;
  const isSaid = /no model was used/i.test(answer.content);
  return (
    <>
      <ClaimedWords answer={answer} />
      <Charts steps={answer.steps} />
      <Ways answer={answer} />
      {end === undefined ? null : <p className="chat-note">{end}</p>}
      {answer.model === null && !isSaid ? (
        <p className="chat-note">No model was used{reason ? `: ${reason.replace(/\.$/, "")}` : ""}. It was put together from what the tools told, by fixed rules.</p>
      ) : null}
    </>
  );
}

function Doing({ hasWords, isMissing, isReconnecting, isStopping }: { hasWords: boolean; isMissing: boolean; isReconnecting: boolean; isStopping: boolean }) {
  const said = isStopping
    ? "Stopping …"
    : isReconnecting
      ? "The connection has broken off: the answer goes on, and is read again …"
      : isMissing
        ? "Some words were missed: they come again in a moment …"
        : hasWords
          ? ""
          : "Working on it …";
  return (
    <p className="chat-doing hint">
      <span className="chat-pulse" aria-hidden />
      {said}
    </p>
  );
}

function Foot({ answer, onAgain }: { answer: ChatMessageView; onAgain: AnswerProps["onAgain"] }) {
  const [said, copy] = useCopied();
  const inDoubt = doubts(answer.claims);
  const parts: ReactNode[] = [answer.model ?? "no model", <Ago key="at" at={answer.created_at} />];
  return (
    <div className="chat-answer-foot hint">
      {parts.map((part, at) => (
        <span key={at}>{part}</span>
      ))}
      {inDoubt === "" ? null : <span className="chat-doubts">{inDoubt}</span>}
      <span className={said === "Copied" ? "" : "visually-hidden"} role="status">
        {said}
      </span>
      <ActionMenu label="What to do with this answer">
        <DropdownList>
          <DropdownItem onClick={() => void copy(answer.content)}>Copy as Markdown</DropdownItem>
          {onAgain ? (
            <DropdownItem description="Of another model or persona, on the same evidence" onClick={() => onAgain(answer)}>
              Ask again and compare
            </DropdownItem>
          ) : null}
        </DropdownList>
      </ActionMenu>
    </div>
  );
}
