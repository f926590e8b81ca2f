/** What is remarkable about a GPU, in words. */

import type { Mark } from "@/features/gpu/search";

export const MARK_WORDS: Readonly<Record<Mark, string>> = {
  raised: "Over a threshold",
  error: "Has an error",
  lost: "Lost",
  wasted: "Allocated but idle",
  idle: "Idle",
  stale: "Stopped reporting",
};

/** The same at length. */
export const MARK_MEANS: Readonly<Record<Mark, string>> = {
  raised: "A threshold is crossed: see Thresholds",
  error: "Its driver or its values say that something is wrong with it",
  lost: "Its node does not tell of it any more",
  wasted: "A pod or a process has it, but it has had nothing to do for long",
  idle: "It has had nothing to do for long",
  stale: "Its node has not been sampled for three intervals: what is shown is how it was",
};
