import "@/components/search-field.css";

import { FindField } from "@/components/find-field";

interface SearchFieldProps {
  label: string;
  /** As the URL has it. */
  value: string;
  onChange: (value: string) => void;
  /** The key that goes to it. */
  shortcut?: string;
}

/** A field whose text is in the URL, without the spaces around it. */
export function SearchField({ onChange, ...field }: SearchFieldProps) {
  return <FindField className="search-field" onChange={(next) => onChange(next.trim())} {...field} />;
}
