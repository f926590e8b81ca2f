import { Spinner } from "@patternfly/react-core";

import { Markdown } from "@/components/words/markdown";
import { toolTitle, took } from "@/features/chat/shared/words";
import { Call } from "@/features/chat/transcript/call";
import { useOpenCall } from "@/features/chat/transcript/open-call";
import type { ChatMessageView, ChatStep, ToolCallView } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { usePrinting } from "@/lib/printing";

export interface Step {
  round: number;
  text: string;
  calls: ToolCallView[];
}

interface StepsProps {
  steps: readonly Step[];
  /** Open, until somebody folds or unfolds them. */
  isOpen: boolean;
  /** The turn is over: what has not answered will not. */
  isOver: boolean;
  /** Of an answer that is there: how it was made. */
  answer?: ChatMessageView | undefined;
}

/** How an answer comes about: rounds of tools, each with what it was called with and what it told. */
export function Steps({ steps, isOpen, isOver, answer }: StepsProps) {
  const { areOpen: chosen, setOpen } = useOpenCall();
  // On paper nothing can be unfolded: what was asked of which tool belongs to the answer.
  const printing = usePrinting((now) => now.printing);
  const open = printing || (chosen ?? isOpen);
  const calls = steps.flatMap((step) => step.calls);
  const running = isOver ? undefined : calls.findLast(({ status }) => status === null);
  if (calls.length === 0 && answer === undefined) return null;
  return (
    <div className="chat-steps" role="group" aria-label="How it was found">
      <button type="button" className="chat-steps-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className={open ? "chat-caret is-open" : "chat-caret"} aria-hidden />
        {running ? <Spinner size="sm" aria-hidden /> : null}
        <span>{running ? `Asking: ${toolTitle(running.tool)}` : inShort(steps, calls)}</span>
      </button>
      {open ? (
        <div className="chat-steps-inside">
          {steps.map((step, at) => (
            <div key={step.round} className="chat-round">
              {step.text !== "" && step.calls.length > 0 ? (
                <div className="chat-words is-between">
                  <Markdown text={step.text} />
                </div>
              ) : null}
              {step.calls.map((call) => (
                <Call key={call.id} call={call} isOver={isOver} />
              ))}
              {answer?.steps[at] ? <Made step={answer.steps[at]} /> : null}
            </div>
          ))}
          {answer ? <About answer={answer} /> : null}
        </div>
      ) : null}
    </div>
  );
}

function inShort(steps: readonly Step[], calls: readonly ToolCallView[]): string {
  const failed = calls.filter(({ status }) => status === "ERROR" || status === "TIMEOUT").length;
  const rounds = steps.filter((step) => step.calls.length > 0).length;
  if (calls.length === 0) return "No tool was asked";
  return [
    `${plural(calls.length, "tool call")}${rounds > 1 ? ` in ${rounds} rounds` : ""}`,
    failed > 0 ? `${failed} without an answer` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/** Who said what comes next in a round. */
function Made({ step }: { step: ChatStep }) {
  if (step.model === null) return null;
  const said = [
    step.model,
    took(step.latency_ms),
    step.first_token_ms > 0 ? `first words after ${took(step.first_token_ms)}` : "",
    step.cut ? "the model was not shown all: it had no room" : "",
  ].filter(Boolean);
  return <p className="hint numbers">{said.join(" · ")}</p>;
}

function About({ answer }: { answer: ChatMessageView }) {
  const { model, provider, prompt_tokens, completion_tokens, latency_ms, steps } = answer;
  const versions = [...new Set(steps.map(({ prompt_version }) => prompt_version))].join(", ");
  const said = [
    model === null ? "By fixed rules" : `By ${model}${provider === null || provider === model || provider === "default" ? "" : ` (${provider})`}`,
    latency_ms === null ? "" : `in ${took(latency_ms)}`,
    prompt_tokens + completion_tokens > 0 ? `${count(prompt_tokens)} tokens read, ${count(completion_tokens)} written` : "",
    versions === "" ? "" : `prompt ${versions}`,
  ].filter(Boolean);
  return <p className="chat-about hint numbers">{said.join(" · ")}</p>;
}
