/** How much earlier or later something was. */

import { lasting } from "@/lib/time";

/** `+350 ms`, `−2 min 5 s`. */
export function delta(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  if (size < 1) return "at once";
  const said = size < 1_000 ? `${Math.round(size)} ms` : size < 10_000 ? `${(size / 1_000).toFixed(1)} s` : lasting(size);
  return `${milliseconds < 0 ? "−" : "+"}${said}`;
}
