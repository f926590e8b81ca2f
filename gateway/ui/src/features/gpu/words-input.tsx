import { TextInput } from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";
import { useEffect, useRef, useState } from "react";

const TYPED_MS = 200;

interface WordsInputProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (words: string | undefined) => void;
}

/** Finds as one types. */
export function WordsInput({ label, placeholder, value = "", onChange }: WordsInputProps) {
  const [typed, setTyped] = useState({ seen: value, sent: value, text: value });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // What was typed on since it was sent stays; what came otherwise (cleared, gone back) is shown.
  if (typed.seen !== value) setTyped({ ...typed, seen: value, text: value === typed.sent ? typed.text : value });
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (words: string) => {
    clearTimeout(timer.current);
    setTyped((before) => ({ ...before, sent: words }));
    onChange(words === "" ? undefined : words);
  };
  return (
    <span className="gpu-words">
      <SearchIcon />
      <TextInput
        type="search"
        aria-label={label}
        placeholder={placeholder}
        data-filter=""
        value={typed.text}
        onChange={(_, words) => {
          setTyped({ ...typed, text: words });
          clearTimeout(timer.current);
          timer.current = setTimeout(() => send(words.trim()), TYPED_MS);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") send(typed.text.trim());
        }}
      />
    </span>
  );
}
