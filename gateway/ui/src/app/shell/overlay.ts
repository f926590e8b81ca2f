import { create } from "zustand";

/** What lies over the page: at most one of these. */
export type Overlay = "palette" | "shortcuts" | "time-machine" | "notifications";

interface OverlayState {
  shown: Overlay | undefined;
  /** What was typed since the palette was called and before it was there. */
  typed: string;
  /** `typed`: with this in the palette already. */
  show: (overlay: Overlay, typed?: string) => void;
  hide: () => void;
}

export const useOverlay = create<OverlayState>((set) => ({
  shown: undefined,
  typed: "",
  show: (shown, typed = "") => set({ shown, typed }),
  hide: () => set({ shown: undefined }),
}));
