/** Copies texts, also where the hub is reached by plain HTTP, in which browsers offer no clipboard. */

import { useEffect, useRef, useState } from "react";

const SAID_MS = 2_000;

export async function copyText(text: string): Promise<void> {
  // Undefined without HTTPS, whatever the types say.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard) return clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  const before = document.activeElement as HTMLElement | null;
  document.body.append(field);
  field.focus({ preventScroll: true });
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus({ preventScroll: true });
  if (!done) throw new Error("The browser lets nothing be copied.");
}

/** Copies, and for a moment what is to be said of it: `Copied`, or that it was not. */
export function useCopied(): readonly [said: string | undefined, copy: (text: string) => Promise<void>] {
  const [said, setSaid] = useState<string>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async (text: string) => {
    clearTimeout(timer.current);
    try {
      await copyText(text);
      setSaid("Copied");
    } catch {
      setSaid("Not copied: the browser refused");
    }
    timer.current = setTimeout(() => setSaid(undefined), SAID_MS);
  };
  return [said, copy];
}
