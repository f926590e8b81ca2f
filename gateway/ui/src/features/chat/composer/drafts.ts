/** What is being written and was not sent: by chat and by person, for as long as the page is open. */

import { create } from "zustand";

import { useRights } from "@/lib/rights";

/** Of a chat that is not begun yet. */
export const NEW = "new";

export const useDrafts = create<{ of: Readonly<Record<string, string>> }>()(() => ({ of: {} }));

export function setDraft(key: string, text: string): void {
  useDrafts.setState(({ of: { [key]: _, ...of } }) => ({ of: text === "" ? of : { ...of, [key]: text } }));
}

/** What the draft of a chat is kept by: nobody finds what another one has written here. */
export function useDraftKey(session: string | undefined): string {
  const { me } = useRights();
  return `${me?.user ?? ""} ${session ?? NEW}`;
}

export function useDraft(key: string): [string, (text: string) => void] {
  const text = useDrafts(({ of }) => of[key] ?? "");
  return [text, (next) => setDraft(key, next)];
}
