/** What the pages of incidents keep in their URLs; names are those of the API wherever it has one. */

import type { IncidentState, Severity, SignalKind } from "@/generated/api.schemas";
import { list, oneOf, someOf, text, uuid, type Raw } from "@/lib/search";

export const SEVERITIES: readonly Severity[] = ["CRITICAL", "WARNING", "INFO"];
export const STATES: readonly IncidentState[] = ["OPEN", "ACKNOWLEDGED", "RESOLVED"];
/** Those that are not over: what the list shows unless something else is asked for. */
export const UNSOLVED: readonly IncidentState[] = ["OPEN", "ACKNOWLEDGED"];
export const KINDS: readonly SignalKind[] = ["ALERT", "ANOMALY", "STATUS"];
const SORTS = ["severity", "-opened_at", "-last_signal_at"] as const;
export type Sort = (typeof SORTS)[number];

export interface IncidentsSearch {
  /** Without it: those that are not over. */
  state?: IncidentState[] | undefined;
  severity?: Severity[] | undefined;
  cluster_id?: string[] | undefined;
  q?: string | undefined;
  sort?: Sort | undefined;
}

export function readIncidentsSearch(raw: Raw): IncidentsSearch {
  return {
    state: someOf(raw["state"], STATES),
    severity: someOf(raw["severity"], SEVERITIES),
    cluster_id: list(raw["cluster_id"]),
    q: text(raw["q"]),
    sort: oneOf(raw["sort"], SORTS),
  };
}

/** Which signals of the incident are listed, and which one is open. */
export interface IncidentSearch {
  lasting?: "true" | "false" | undefined;
  kind?: SignalKind[] | undefined;
  severity?: Severity[] | undefined;
  q?: string | undefined;
  /** The signal in the drawer. */
  signal?: string | undefined;
}

export function readIncidentSearch(raw: Raw): IncidentSearch {
  return {
    lasting: oneOf(raw["lasting"], ["true", "false"]),
    kind: someOf(raw["kind"], KINDS),
    severity: someOf(raw["severity"], SEVERITIES),
    q: text(raw["q"]),
    signal: uuid(raw["signal"]),
  };
}
