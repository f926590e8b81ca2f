import "@/components/search-field.css";

import { useState } from "react";

import { FindField } from "@/components/find-field";

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
    <FindField
      className="search-field"
      label={label}
      value={typed ?? value}
      onChange={change}
      onBlur={() => setTyped(undefined)}
      shortcut={shortcut}
    />
  );
}
