import { create } from "zustand";

/** What lies over the page: at most one of these. */
export type Overlay = "palette" | "shortcuts" | "time-machine";

interface OverlayState {
  shown: Overlay | undefined;
  /** What was typed since the palette was called and before it was there. */
  typed: string;
  show: (overlay: Overlay) => void;
  hide: () => void;
}

export const useOverlay = create<OverlayState>((set) => ({
  shown: undefined,
  typed: "",
  show: (shown) => set({ shown, typed: "" }),
  hide: () => set({ shown: undefined }),
}));
