/** What a person has set on this browser: how things look, never what they are. */

import { create } from "zustand";
import { persist } from "zustand/middleware";

import { kept } from "@/lib/kept";

export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";
export type Zone = "local" | "utc";
export type Notified = "CRITICAL" | "WARNING" | "INFO";

/** What may be chosen, each with what it is called. */
export type Choices<T extends string> = readonly (readonly [value: T, words: string])[];

export const THEMES: Choices<Theme> = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];
export const DENSITIES: Choices<Density> = [
  ["comfortable", "Comfortable"],
  ["compact", "Compact"],
];
export const ZONES: Choices<Zone> = [
  ["local", "Local time"],
  ["utc", "UTC"],
];

export interface Settings {
  theme: Theme;
  density: Density;
  zone: Zone;
  navigation: "open" | "folded";
  /** Severities of which the browser notifies; empty: of none. */
  notified: readonly Notified[];
  /** Severities of alerts and incidents that the list in the header tells of. */
  listed: readonly Notified[];
  /** Keys that do something by themselves, as `t`; off for those whom they surprise. */
  singleKeys: boolean;
  set: (changed: Partial<Omit<Settings, "set">>) => void;
}

const KEY = "aiops.settings";

export const useSettings = create<Settings>()(
  persist(
    (set) => ({
      theme: "system",
      density: "comfortable",
      zone: "local",
      navigation: "open",
      notified: [],
      listed: ["CRITICAL", "WARNING"],
      singleKeys: true,
      set: (changed) => set(changed),
    }),
    { name: KEY, version: 1, storage: kept() },
  ),
);

// What another tab sets counts here too; else this one would write back what it was before.
window.addEventListener("storage", ({ key }) => {
  if (key === KEY) void useSettings.persist.rehydrate();
});
