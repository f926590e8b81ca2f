/** What was chosen last in the palette, on this browser. */

import { create } from "zustand";
import { persist } from "zustand/middleware";

import { kept } from "@/lib/kept";

const MOST = 6;

interface Recent {
  ids: readonly string[];
  chosen: (id: string) => void;
}

export const useRecent = create<Recent>()(
  persist(
    (set) => ({
      ids: [],
      chosen: (id) => set(({ ids }) => ({ ids: [id, ...ids.filter((each) => each !== id)].slice(0, MOST) })),
    }),
    { name: "aiops.recent", version: 1, storage: kept() },
  ),
);
