/** The queries of the page, which are in its URL, and the one that is not asked yet, which is not. */

import { useState } from "react";

import type { MetricsSearch } from "@/features/observability/search";
import { useSearch, useSetSearch } from "@/lib/place";

/** As many as there may be. */
export const LETTERS = ["A", "B", "C", "D", "E", "F", "G", "H"] as const;

interface Panels {
  /** A text for each; the last may be empty. */
  panels: readonly string[];
  /** The last one was not asked yet. */
  isBlank: boolean;
  /** Asks this query in this panel; without a text there is nothing to ask. */
  put: (index: number, query: string) => void;
  add: () => void;
  remove: (index: number) => void;
}

export function usePanels(): Panels {
  const { query } = useSearch<MetricsSearch>();
  const setSearch = useSetSearch<MetricsSearch>();
  const [added, setAdded] = useState(false);
  const asked = (query ?? []).slice(0, LETTERS.length);
  const isBlank = asked.length === 0 || (added && asked.length < LETTERS.length);
  const panels = isBlank ? [...asked, ""] : asked;
  const set = (next: readonly string[]) => {
    const kept = next.filter((each) => each.trim() !== "");
    setSearch({ query: kept.length > 0 ? kept : undefined });
  };
  return {
    panels,
    isBlank,
    put: (index, text) => {
      if (index >= asked.length) setAdded(false);
      set([...asked.slice(0, index), text.trim(), ...asked.slice(index + 1)]);
    },
    add: () => setAdded(true),
    remove: (index) => {
      if (index >= asked.length) setAdded(false);
      else set(asked.toSpliced(index, 1));
    },
  };
}
