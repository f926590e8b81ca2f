/** Answers of writes: what was asked for, or that it was taken and is not visible yet. */

import type { Outcome } from "@/generated/api.schemas";

/** The hub has taken it, and goes on with it: what comes of it shows later. */
export function isPending(answer: unknown): answer is Outcome {
  return typeof answer === "object" && answer !== null && "command_id" in answer && "outcome" in answer;
}
