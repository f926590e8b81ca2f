import { useSyncExternalStore } from "react";

const WIDE = "(min-width: 75rem)";

/** Whether the window is so wide that what changed stands beside what matters. */
export function useWide(): boolean {
  return useSyncExternalStore(follow, () => window.matchMedia(WIDE).matches);
}

function follow(changed: () => void): () => void {
  const media = window.matchMedia(WIDE);
  media.addEventListener("change", changed);
  return () => media.removeEventListener("change", changed);
}
