import "@/components/snippet.css";

import { Button } from "@patternfly/react-core";
import { CheckIcon, CopyIcon } from "@patternfly/react-icons";

import { useCopied } from "@/lib/copied";

interface SnippetProps {
  /** What it is, for those who do not see it: `Command for the token`. */
  label: string;
  text: string;
  /** Its lines may be broken anywhere, unlike those of a configuration. */
  isCommand?: boolean;
}

/** Lines to run or to write elsewhere, and a button that copies them. */
export function Snippet({ label, text, isCommand = false }: SnippetProps) {
  const [said, copy] = useCopied();
  return (
    <div className={isCommand ? "snippet is-command" : "snippet"}>
      <pre tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <Button
        variant="plain"
        aria-label={`Copy: ${label}`}
        icon={said === "Copied" ? <CheckIcon /> : <CopyIcon />}
        onClick={() => void copy(text)}
      />
      <span className={said === "Copied" ? "visually-hidden" : "hint"} role="status">
        {said}
      </span>
    </div>
  );
}
