import { create } from "zustand";

/** What lies over the page: at most one of these. */
export type Overlay = "palette" | "shortcuts";

interface OverlayState {
  shown: Overlay | undefined;
  show: (overlay: Overlay) => void;
  hide: () => void;
}

export const useOverlay = create<OverlayState>((set) => ({
  shown: undefined,
  show: (shown) => set({ shown }),
  hide: () => set({ shown: undefined }),
}));
