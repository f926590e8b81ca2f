import { Button, TextInput } from "@patternfly/react-core";
import { useState } from "react";

import { plural } from "@/lib/format";

/** What one event holds. */
export const MOST_MOVED = 500;

interface SplitBarProps {
  chosen: ReadonlySet<string>;
  /** How many belong to the incident. */
  all: number;
  /** How many are listed, to be chosen together. */
  listed: number;
  onAll: () => void;
  onSplit: (comment: string) => void;
  onCancel: () => void;
}

/** Under way of splitting: how many are chosen, why, and go. */
export function SplitBar({ chosen, all, listed, onAll, onSplit, onCancel }: SplitBarProps) {
  const [comment, setComment] = useState("");
  const wrong = whyNot(chosen.size, all);
  return (
    <form
      className="panel incidents-split"
      aria-label="Split off signals"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong === undefined) onSplit(comment.trim());
      }}
    >
      <p aria-live="polite">
        <strong className="numbers">{plural(chosen.size, "signal")} chosen.</strong>{" "}
        <span className="quiet">{wrong ?? "They become an incident of their own, as this one is: open, acknowledged or resolved."}</span>
      </p>
      <TextInput
        aria-label="Why"
        placeholder="Why they are another matter"
        maxLength={1000}
        value={comment}
        onChange={(_, text) => setComment(text)}
      />
      <div className="toolbar">
        <Button type="submit" variant="primary" isDisabled={wrong !== undefined}>
          Split off
        </Button>
        <Button variant="secondary" onClick={onAll}>
          Choose all {listed} listed
        </Button>
        <Button variant="link" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

function whyNot(chosen: number, all: number): string | undefined {
  if (chosen === 0) return "Choose those below that are another matter; filters help to find them.";
  if (chosen >= all) return "Something has to stay: these are all.";
  return chosen > MOST_MOVED ? `${MOST_MOVED} can be split off at once.` : undefined;
}
