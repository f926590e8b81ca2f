import { Button } from "@patternfly/react-core";
import { ArrowUpIcon, StopIcon } from "@patternfly/react-icons";
import { useEffect, useId, useRef, type KeyboardEvent } from "react";

import { count } from "@/lib/format";

interface ComposerProps {
  text: string;
  onText: (text: string) => void;
  onSend: () => void;
  /** Why nothing can be sent now; it can still be written. */
  whyNot?: string | undefined;
  /** An answer is being made, which can be stopped. */
  onStop?: (() => void) | undefined;
  isStopping?: boolean;
  /** The focus is there from the beginning. */
  isFirst?: boolean;
}

export const MOST_CHARACTERS = 16_000;
/** From here on it is said how many are left. */
const TOLD_FROM = 14_000;

/** Where questions are written: Enter sends, Shift and Enter begins another line. */
export function Composer({ text, onText, onSend, whyNot, onStop, isStopping = false, isFirst = false }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const hint = useId();
  const length = text.length > TOLD_FROM / 2 ? [...text].length : text.length;
  const tooLong = length > MOST_CHARACTERS ? `A question has at most ${count(MOST_CHARACTERS)} characters` : undefined;
  const reason = tooLong ?? whyNot;
  const canSend = reason === undefined && text.trim() !== "";
  useEffect(() => {
    // Keyboards of phones would open over what is there to be read.
    if (isFirst && window.matchMedia("(min-width: 62rem)").matches) field.current?.focus({ preventScroll: true });
  }, [isFirst]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (canSend) onSend();
  };
  return (
    <form
      className="chat-composer"
      aria-label="Ask"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend();
      }}
    >
      <textarea
        ref={field}
        className="chat-field"
        data-filter
        rows={1}
        dir="auto"
        aria-label="Your question"
        aria-describedby={hint}
        placeholder="Ask about the fleet …"
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {onStop ? (
        <Button key="stop" variant="secondary" icon={<StopIcon />} isDisabled={isStopping} onClick={onStop}>
          {isStopping ? "Stopping" : "Stop"}
        </Button>
      ) : (
        <Button key="ask" type="submit" icon={<ArrowUpIcon />} isAriaDisabled={!canSend}>
          Ask
        </Button>
      )}
      <p id={hint} className="chat-composer-hint hint">
        <span>{reason ?? "Enter sends, Shift Enter begins a line"}</span>
        {onStop ? <span>Esc stops</span> : null}
        {length > TOLD_FROM ? (
          <span className="numbers" role="status">
            {count(length)} of {count(MOST_CHARACTERS)}
          </span>
        ) : null}
      </p>
    </form>
  );
}
