import { useSyncExternalStore } from "react";

const WIDE = "(min-width: 62rem)";

/** True where there is room for a panel beside the list. */
export function useWide(): boolean {
  return useSyncExternalStore(follow, () => window.matchMedia(WIDE).matches);
}

function follow(changed: () => void): () => void {
  const media = window.matchMedia(WIDE);
  media.addEventListener("change", changed);
  return () => media.removeEventListener("change", changed);
}
