/** Two answers to one question on the same evidence, and how they differ. */

import { InlineFailure, Loading } from "@/components/states";
import { toolTitle } from "@/features/chat/shared/words";
import { useComparison, usePersonaNaming } from "@/features/chat/shared/use-chats";
import { Answer } from "@/features/chat/transcript/answer";
import { Question } from "@/features/chat/transcript/question";
import type { Turn } from "@/features/chat/transcript/turns";
import { isOver } from "@/features/chat/stream/use-ask";
import type { ChatMessageView, ChatSessionView, Compared } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";
import type { Feed } from "@/features/chat/stream/feeds";

interface ComparisonProps {
  session: ChatSessionView;
  /** The question as it is asked again. */
  turn: Turn | undefined;
  feed: Feed | undefined;
  onAgain: (answer: ChatMessageView) => void;
}

export function Comparison({ session, turn, feed, onAgain }: ComparisonProps) {
  const { data, error } = useComparison(session.id);
  const names = usePersonaNaming();
  const again = turn ? (
    <Answer
      turn={turn}
      persona={names(turn.question?.persona_id ?? session.persona_id)}
      isReconnecting={feed?.state === "reconnecting"}
      isStopping={feed?.isStopping ?? false}
      onAgain={onAgain}
    />
  ) : (
    <Loading lines={3} label="Loading the answer" />
  );
  const question = data?.question ?? turn?.question;
  return (
    <section className="chat-comparison" aria-label="Asked again">
      {question ? <Question text={question.content} clusters={question.cluster_ids} at={question.created_at} /> : null}
      {data?.compared ? <Differences of={data.compared} /> : null}
      {data === undefined && error ? (
        isOver(error) ? <p className="chat-note">The first answer is there no more: its chat is over.</p> : <InlineFailure error={error} what="The first answer could not be read" />
      ) : null}
      <div className={data === undefined && error ? "" : "chat-sides"}>
        {data === undefined ? (
          error ? null : <Loading lines={3} label="Loading the first answer" />
        ) : (
          <div className="chat-side">
            <p className="chat-side-name">
              Before{" "}
              {session.rerun_of ? (
                <PageLink to={`/chat/${session.rerun_of.session_id}`} className="hint">
                  in its chat
                </PageLink>
              ) : null}
            </p>
            <Answer turn={asTurn(data.question, data.before)} persona={names(data.question.persona_id)} isReconnecting={false} isStopping={false} />
          </div>
        )}
        <div className="chat-side">
          <p className="chat-side-name">Again</p>
          {again}
        </div>
      </div>
    </section>
  );
}

const asTurn = (question: ChatMessageView, answer: ChatMessageView | null): Turn => ({
  question,
  text: question.content,
  answer: answer ?? undefined,
  live: undefined,
  state: answer === null ? "cancelled" : "ended",
});

function Differences({ of }: { of: Compared }) {
  const lines = differencesOf(of);
  return (
    <div className="panel chat-differences" role="group" aria-label="How they differ">
      {of.same_text ? (
        <p>Both answers are the same, word by word.</p>
      ) : lines.length === 0 ? (
        <p>They say it in other words: tools, figures and what is borne out are the same.</p>
      ) : (
        <dl>
          {lines.map(([what, before, again]) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>
                <span className="quiet">before</span> {before}
              </dd>
              <dd>
                <span className="quiet">again</span> {again}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** What differs: a name, how it was, how it is. */
export function differencesOf(of: Compared): [string, string, string][] {
  const listed = (all: readonly string[]) => (all.length === 0 ? "none" : all.slice(0, 12).join(", ") + (all.length > 12 ? ` and ${all.length - 12} more` : ""));
  const found: [string, string, string][] = [];
  if (!of.same_tools) {
    const before = of.tools_only_before.map(toolTitle);
    const again = of.tools_only_again.map(toolTitle);
    found.push(
      before.length + again.length === 0 ? ["Tools", "the same", "with other arguments"] : ["Tools only there", listed(before), listed(again)],
    );
  }
  if (of.figures_only_before.length + of.figures_only_again.length > 0) {
    found.push(["Figures only there", listed(of.figures_only_before), listed(of.figures_only_again)]);
  }
  if (of.hypotheses_before !== of.hypotheses_again) found.push(["Hypotheses", String(of.hypotheses_before), String(of.hypotheses_again)]);
  if (of.unsupported_before !== of.unsupported_again) {
    found.push(["Sentences with figures that nothing bears out", String(of.unsupported_before), String(of.unsupported_again)]);
  }
  return found;
}
