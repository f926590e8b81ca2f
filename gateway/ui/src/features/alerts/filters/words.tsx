import { TextInput } from "@patternfly/react-core";
import { useEffect, useRef, useState } from "react";

import { flipped } from "@/features/alerts/filters/asked";
import type { AlertsSearch } from "@/features/alerts/search";
import { useSearch, useSetSearch } from "@/lib/place";

const TYPED_MS = 200;
const LABEL = /^[a-zA-Z_][\w.-]*=\S.*$/;

/** Finds by words as one types; `name=value` and Enter is a filter by that label. */
export function Words() {
  const { q = "", label } = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const [typed, setTyped] = useState({ seen: q, sent: q, text: q });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // What was typed on since it was sent stays; what came otherwise (cleared, gone back) is shown.
  if (typed.seen !== q) setTyped({ ...typed, seen: q, text: q === typed.sent ? typed.text : q });
  const { text } = typed;
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (words: string) => {
    clearTimeout(timer.current);
    setTyped((before) => ({ ...before, sent: words }));
    setSearch({ q: words === "" ? undefined : words }, { replace: true });
  };
  const type = (words: string) => {
    setTyped({ ...typed, text: words });
    clearTimeout(timer.current);
    if (!LABEL.test(words.trim())) timer.current = setTimeout(() => search(words.trim()), TYPED_MS);
  };
  const enter = () => {
    if (!LABEL.test(text.trim())) return search(text.trim());
    clearTimeout(timer.current);
    setTyped({ ...typed, sent: "", text: "" });
    setSearch({ label: flipped(label, text.trim()), q: undefined });
  };
  return (
    <TextInput
      type="search"
      className="alerts-words"
      aria-label="Search alerts by words, or by label=value and Enter"
      placeholder="Words, or label=value"
      data-filter=""
      value={text}
      onChange={(_, words) => type(words)}
      onKeyDown={(event) => {
        if (event.key === "Enter") enter();
      }}
    />
  );
}
