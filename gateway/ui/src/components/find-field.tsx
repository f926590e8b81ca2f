import { Button, TextInputGroup, TextInputGroupMain, TextInputGroupUtilities } from "@patternfly/react-core";
import { SearchIcon, TimesIcon } from "@patternfly/react-icons";
import { useRef } from "react";

interface FindFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** As long as nothing is in it; the label, if nothing else is said. */
  placeholder?: string;
  className?: string;
  onBlur?: () => void;
  /** The key that goes to it. */
  shortcut?: string | undefined;
}

/** A field for what is looked for. PatternFly's `SearchInput` without its menu, which is four times as large. */
export function FindField({ label, value, onChange, placeholder = label, className = "", onBlur, shortcut }: FindFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const clear = () => {
    onChange("");
    input.current?.focus();
  };
  return (
    <TextInputGroup className={className} onBlur={onBlur} {...(shortcut ? { "aria-keyshortcuts": shortcut } : {})}>
      <TextInputGroupMain
        ref={input}
        icon={<SearchIcon />}
        aria-label={label}
        placeholder={placeholder}
        value={value}
        onChange={(_, next) => onChange(next)}
      />
      {value === "" ? null : (
        <TextInputGroupUtilities>
          <Button variant="plain" aria-label="Reset" icon={<TimesIcon />} onClick={clear} />
        </TextInputGroupUtilities>
      )}
    </TextInputGroup>
  );
}
