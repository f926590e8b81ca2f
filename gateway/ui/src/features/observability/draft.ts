import { useState } from "react";

/** A text that is being changed: as it was committed until then, and again when another one is. */
export function useDraft(committed: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState({ of: committed, text: committed });
  if (draft.of !== committed) setDraft({ of: committed, text: committed });
  return [draft.of === committed ? draft.text : committed, (text) => setDraft({ of: committed, text })];
}
