/** What the alerts page keeps in its URL; names are those of the API wherever it has one. */

import type { AlertState, Severity } from "@/generated/api.schemas";
import { list, oneOf, someOf, text, type Raw } from "@/lib/search";

export const SEVERITIES: readonly Severity[] = ["CRITICAL", "WARNING", "INFO"];
export const STATES: readonly AlertState[] = ["FIRING", "PENDING", "RESOLVED"];
const TABS = ["history", "silences"] as const;
const EITHER = ["true", "false"] as const;
export type Either = (typeof EITHER)[number];
export type Tab = (typeof TABS)[number];

/** In the URL for alerts that have no namespace: no namespace is called so. */
export const NO_NAMESPACE = "-";

/** Which alerts are wanted. */
export interface Filters {
  severity?: Severity[] | undefined;
  cluster_id?: string[] | undefined;
  namespace?: string[] | undefined;
  alertname?: string[] | undefined;
  /** `name=value` each. */
  label?: string[] | undefined;
  fingerprint?: string | undefined;
  state?: AlertState[] | undefined;
  q?: string | undefined;
  silenced?: Either | undefined;
  inhibited?: Either | undefined;
  /** Only those that began within the page's time range; history is always so. */
  ranged?: "true" | undefined;
}

export interface AlertsSearch extends Filters {
  /** Without it: the alerts that are open. */
  tab?: Tab | undefined;
  /** What they are grouped by, as the API calls it: `alertname`, `label:node`. */
  group?: string | undefined;
  /** The alert in the drawer. */
  alert?: string | undefined;
  /** The silence in the drawer. */
  silence?: string | undefined;
  /** Silences that have ended are listed too. */
  ended?: "true" | undefined;
}

export function readAlertsSearch(raw: Raw): AlertsSearch {
  return {
    severity: someOf(raw["severity"], SEVERITIES),
    cluster_id: list(raw["cluster_id"]),
    namespace: list(raw["namespace"]),
    alertname: list(raw["alertname"]),
    label: list(raw["label"])?.filter((pair) => pair.indexOf("=") > 0),
    fingerprint: text(raw["fingerprint"]),
    state: someOf(raw["state"], STATES),
    q: text(raw["q"]),
    silenced: oneOf(raw["silenced"], EITHER),
    inhibited: oneOf(raw["inhibited"], EITHER),
    ranged: oneOf(raw["ranged"], ["true"]),
    tab: oneOf(raw["tab"], TABS),
    group: text(raw["group"]),
    alert: text(raw["alert"]),
    silence: text(raw["silence"]),
    ended: oneOf(raw["ended"], ["true"]),
  };
}
