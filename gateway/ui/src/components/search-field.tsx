import "@/components/search-field.css";

import { SearchInput } from "@patternfly/react-core";
import { useState } from "react";

interface SearchFieldProps {
  label: string;
  /** As the URL has it. */
  value: string;
  onChange: (value: string) => void;
  /** The key that goes to it. */
  shortcut?: string;
}

/** A field whose text is in the URL; what one types is never overtaken by what the URL still says. */
export function SearchField({ label, value, onChange, shortcut }: SearchFieldProps) {
  const [typed, setTyped] = useState<string>();
  const change = (next: string) => {
    setTyped(next);
    onChange(next.trim());
  };
  return (
    <SearchInput
      className="search-field"
      aria-label={label}
      placeholder={label}
      value={typed ?? value}
      onChange={(_, next) => change(next)}
      onClear={() => change("")}
      onBlur={() => setTyped(undefined)}
      {...(shortcut ? { "aria-keyshortcuts": shortcut } : {})}
    />
  );
}
