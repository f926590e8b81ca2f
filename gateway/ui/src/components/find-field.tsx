import { Button, TextInputGroup, TextInputGroupMain, TextInputGroupUtilities } from "@patternfly/react-core";
import { SearchIcon, TimesIcon } from "@patternfly/react-icons";
import { useRef, useState } from "react";

interface FindFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** As long as nothing is in it; the label, if nothing else is said. */
  placeholder?: string;
  className?: string;
  /** The key that goes to it. */
  shortcut?: string | undefined;
}

/**
 * A field for what is looked for; what one types is never overtaken by what the URL still says.
 * PatternFly's `SearchInput` without its menu, which every page would have to load.
 */
export function FindField({ label, value, onChange, placeholder = label, className = "", shortcut }: FindFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState<string>();
  const shown = typed ?? value;
  const change = (next: string) => {
    setTyped(next);
    onChange(next);
  };
  const clear = () => {
    change("");
    input.current?.focus();
  };
  return (
    <TextInputGroup
      className={className}
      onBlur={() => setTyped(undefined)}
      {...(shortcut ? { "aria-keyshortcuts": shortcut } : {})}
    >
      <TextInputGroupMain
        ref={input}
        icon={<SearchIcon />}
        aria-label={label}
        placeholder={placeholder}
        value={shown}
        onChange={(_, next) => change(next)}
        onKeyDown={(event) => {
          // It may stand in a form that does more than to look for something.
          if (event.key === "Enter") event.preventDefault();
        }}
      />
      {shown === "" ? null : (
        <TextInputGroupUtilities>
          <Button variant="plain" aria-label="Reset" icon={<TimesIcon />} onClick={clear} />
        </TextInputGroupUtilities>
      )}
    </TextInputGroup>
  );
}
