/** Why a GPU's clocks are held back, in words; the names are those of NVML. */

import { words } from "@/lib/format";

interface Reason {
  words: string;
  /** It costs work that somebody wants done; the others are as they should be. */
  hurts: boolean;
}

const REASONS: Readonly<Record<string, Reason>> = {
  GPU_IDLE: { words: "nothing to do", hurts: false },
  APPLICATIONS_CLOCKS_SETTING: { words: "clocks set lower by an application", hurts: false },
  SW_POWER_CAP: { words: "power limit reached", hurts: true },
  HW_SLOWDOWN: { words: "slowed down by the hardware", hurts: true },
  SYNC_BOOST: { words: "kept in step with other GPUs", hurts: false },
  SW_THERMAL_SLOWDOWN: { words: "too hot, slowed down by the driver", hurts: true },
  HW_THERMAL_SLOWDOWN: { words: "too hot, slowed down by the hardware", hurts: true },
  HW_POWER_BRAKE_SLOWDOWN: { words: "power brake of the server", hurts: true },
  DISPLAY_CLOCK_SETTING: { words: "clocks set for a display", hurts: false },
};

export const reasonOf = (name: string): Reason => REASONS[name] ?? { words: words(name), hurts: true };

/** Those that cost work, in words. */
export const slowedBy = (reasons: readonly string[] | null | undefined): string[] =>
  (reasons ?? []).map(reasonOf).flatMap(({ words, hurts }) => (hurts ? [words] : []));
