/** Whether the past is being played, and how fast; the time machine does what stands here. */

import { create } from "zustand";

import type { LiveEvent } from "@/lib/live";

export const SPEEDS = [1, 10, 60, 600] as const;
export type Speed = (typeof SPEEDS)[number];

interface Playback {
  playing: boolean;
  speed: Speed;
  /** The events that were played last, the newest at the end. */
  played: readonly LiveEvent[];
  toggle: () => void;
}

export const usePlayback = create<Playback>((set, get) => ({
  playing: false,
  speed: 60,
  played: [],
  toggle: () => set({ playing: !get().playing, played: [] }),
}));
