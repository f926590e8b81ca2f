/** An answer's words with what each sentence rests on, or that it rests on nothing. */

import { ExclamationTriangleIcon, OutlinedQuestionCircleIcon } from "@patternfly/react-icons";
import { useMemo, type ReactNode } from "react";

import { Markdown, type Mark } from "@/components/words/markdown";
import { Chip } from "@/features/chat/transcript/chip";
import { callsOf, citedIn, type Numbered, type Thing } from "@/features/chat/transcript/evidence";
import { Tip } from "@/features/chat/transcript/tip";
import type { ChatMessageView, Claim } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

const UNSUPPORTED = "A figure in it stands in nothing that a tool has told, nor in the question.";
const HYPOTHESIS = "It names a cause that no root cause analysis bears out.";
/** After one sentence, the best. */
const MOST_CHIPS = 3;
/** Below the answer. */
const MOST_SOURCES = 12;

export function ClaimedWords({ answer }: { answer: ChatMessageView }) {
  const { content, claims, steps } = answer;
  const cited = useMemo(() => citedIn({ content, claims }), [content, claims]);
  const calls = useMemo(() => callsOf({ steps }), [steps]);
  const marks = useMemo(
    () =>
      cited.claims.map(
        ({ from, to, claim, evidence, things }): Mark => ({
          from,
          to,
          show: (words, isEnd) => (
            <>
              <Words claim={claim}>{words}</Words>
              {isEnd ? <After claim={claim} evidence={evidence} things={things} calls={calls} /> : null}
            </>
          ),
        }),
      ),
    [cited, calls],
  );
  return (
    <>
      <div className="chat-words">
        <Markdown text={content} marks={marks} />
      </div>
      {cited.evidence.length > 0 ? (
        <div className="chat-sources" role="group" aria-label="What this rests on">
          {cited.evidence.slice(0, MOST_SOURCES).map((each) => (
            <Chip key={each.number} evidence={each} calls={calls} isNamed />
          ))}
          {cited.evidence.length > MOST_SOURCES ? <span className="hint">and {cited.evidence.length - MOST_SOURCES} more</span> : null}
        </div>
      ) : null}
    </>
  );
}

function Words({ claim: { is_unsupported, is_hypothesis }, children }: { claim: Claim; children: ReactNode }) {
  const classes = [is_unsupported ? "is-unsupported" : "", is_hypothesis ? "is-hypothesis" : ""].filter(Boolean);
  return classes.length === 0 ? children : <span className={`chat-claim ${classes.join(" ")}`}>{children}</span>;
}

interface AfterProps {
  claim: Claim;
  evidence: readonly Numbered[];
  things: readonly Thing[];
  calls: ReturnType<typeof callsOf>;
}

function After({ claim, evidence, things, calls }: AfterProps) {
  if (evidence.length === 0 && !claim.is_hypothesis && !claim.is_unsupported) return null;
  return (
    <span className="chat-after" dir="ltr">
      {evidence.slice(0, MOST_CHIPS).map((each) => (
        <Chip key={each.number} evidence={each} calls={calls} />
      ))}
      {things.slice(0, MOST_CHIPS).map(({ kind, id, ...place }) => (
        <PageLink key={id} {...place} className="chat-chip is-thing" aria-label={`Open this ${kind}`}>
          {kind}
        </PageLink>
      ))}
      {claim.is_hypothesis ? <Flag text="hypothesis: no analysis bears it out" why={HYPOTHESIS} kind="hypothesis" /> : null}
      {claim.is_unsupported ? <Flag text="not borne out" why={UNSUPPORTED} kind="unsupported" /> : null}
    </span>
  );
}

function Flag({ text, why, kind }: { text: string; why: string; kind: "hypothesis" | "unsupported" }) {
  return (
    <Tip text={why}>
      <span className={`chat-flag is-${kind}`} tabIndex={0} role="note" aria-label={`${text}. ${why}`}>
        {kind === "hypothesis" ? <OutlinedQuestionCircleIcon /> : <ExclamationTriangleIcon />}
        {text}
      </span>
    </Tip>
  );
}

/** What is to be known of an answer before it is believed; empty: nothing. */
export function doubts(claims: readonly Claim[]): string {
  const guesses = claims.filter(({ is_hypothesis }) => is_hypothesis).length;
  const unsupported = claims.filter(({ is_unsupported }) => is_unsupported).length;
  return [
    guesses > 0 ? plural(guesses, "hypothesis", "hypotheses") : "",
    unsupported > 0 ? plural(unsupported, "sentence with figures that nothing bears out", "sentences with figures that nothing bears out") : "",
  ]
    .filter(Boolean)
    .join(", ");
}
