/** How a workload is, out of what its pod says and what its events say. */

import { NOT_READY, WORKLOADS } from "@/features/cnf/shared/states";
import type { CnfWorkloadView } from "@/generated/api.schemas";

type Told = Pick<CnfWorkloadView, "state" | "standing" | "ready">;

/** A pod runs for a moment between two crashes; what its events say of it counts then. */
export function stateOf({ state, standing }: Told) {
  return state === "RUNNING" && standing === "CRASHING" ? "CRASHING" : state;
}

export function lookOf(row: Told) {
  const state = stateOf(row);
  return state === "RUNNING" && row.ready === false ? NOT_READY : WORKLOADS[state];
}

/** Since when it is in that state, as far as it was told. */
export function sinceOf(row: Told & Pick<CnfWorkloadView, "state_since">) {
  return row.standing === stateOf(row) && lookOf(row) !== NOT_READY ? row.state_since : null;
}
