/** When a clock did not follow its source, as bands over its offset. */

import type { Annotation } from "@/components/chart/chart";
import { CLOCKS } from "@/features/cnf/shared/states";
import type { ClockState, PtpHistory } from "@/generated/api.schemas";

type Told = Pick<PtpHistory, "from" | "to" | "state" | "changes">;

/** One for each stretch of holdover or freerun; one that lasts still ends where the time that is shown ends. */
export function bandsOf({ from, to, state, changes }: Told): Annotation[] {
  const begins: { at: number; state: ClockState; reason?: string }[] = changes.map(({ at, new_state, reason }) => ({
    at: Date.parse(at),
    state: new_state,
    reason,
  }));
  if (state !== null) begins.unshift({ at: Date.parse(from), state });
  return begins.flatMap((each, index) => {
    if (each.state === "LOCKED") return [];
    const [said, tone] = CLOCKS[each.state];
    const until = begins[index + 1]?.at ?? Date.parse(to);
    const label = each.reason === undefined ? said : `${said}: ${each.reason}`;
    return [{ at: each.at, until, label, tone: tone === "danger" ? "danger" : "warning" }];
  });
}
