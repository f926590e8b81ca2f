/** Queries of before and those that were kept by name, in this browser. */

import { createStore, useStore } from "zustand";
import { persist } from "zustand/middleware";

import type { QueryLanguage } from "@/components/query-editor/query-editor";
import { kept } from "@/lib/kept";
import { isSecret } from "@/lib/secret";

export interface Recent {
  query: string;
  /** Milliseconds since 1970. */
  at: number;
}
export interface Saved extends Recent {
  name: string;
}

interface Library {
  /** The latest first. */
  recent: readonly Recent[];
  saved: readonly Saved[];
  /** It was answered; one that is known already stays where it is. */
  remember: (query: string) => void;
  /** Somebody asks it once more: of those that are known it becomes the latest. */
  again: (query: string) => void;
  forget: () => void;
  save: (name: string, query: string) => void;
  remove: (name: string) => void;
}

const MOST_RECENT = 50;
const MOST_SAVED = 200;
/** A longer one was pasted, not written. */
const LONGEST = 4_000;
const libraryOf = (language: QueryLanguage) => createStore<Library>()(
  persist(
    (set, get) => ({
      recent: [],
      saved: [],
      remember: (query) => {
        if (query.length > LONGEST || isSecret(query)) return;
        if (get().recent.some((each) => each.query === query)) return;
        set(({ recent }) => ({ recent: [{ query, at: Date.now() }, ...recent].slice(0, MOST_RECENT) }));
      },
      again: (query) => {
        if (!get().recent.some((each) => each.query === query)) return;
        set(({ recent }) => ({
          recent: [{ query, at: Date.now() }, ...recent.filter((each) => each.query !== query)],
        }));
      },
      forget: () => set({ recent: [] }),
      save: (name, query) =>
        set(({ saved }) => ({
          saved: [{ name, query, at: Date.now() }, ...saved.filter((each) => each.name !== name)].slice(
            0,
            MOST_SAVED,
          ),
        })),
      remove: (name) => set(({ saved }) => ({ saved: saved.filter((each) => each.name !== name) })),
    }),
    { name: `aiops.${language}`, version: 1, storage: kept(), partialize: ({ recent, saved }) => ({ recent, saved }) },
  ),
);

export const LIBRARIES = { promql: libraryOf("promql"), logql: libraryOf("logql"), traceql: libraryOf("traceql") };

export const useLibrary = (language: QueryLanguage): Library => useStore(LIBRARIES[language]);
