/** What belongs together of all that is wrong, as the home needs it: all of it in one read. */

import { keepPreviousData } from "@tanstack/react-query";

import { useListIncidents } from "@/generated/api";
import type { IncidentList, Severity } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

/** So many are told one by one; there is a list of all. */
const TOLD = 5;
const ASKED = { page_size: TOLD, sort: "impact", include: ["CAUSE", "REACH", "NAMES"] };
const EVENTS = [
  "INCIDENT_OPENED",
  "INCIDENT_UPDATED",
  "INCIDENT_ACKNOWLEDGED",
  "INCIDENT_RESOLVED",
  "INCIDENT_REOPENED",
  "INCIDENT_MERGED",
  "INCIDENT_SPLIT",
  "RCA_COMPLETE",
];

/** Those that are not over at the instant that is shown, what matters most first. */
export function useIncidents() {
  const asOf = useAsOf();
  const read = useListIncidents({ ...ASKED, ...asOf }, { query: { placeholderData: keepPreviousData } });
  useRefreshOn({ types: EVENTS, enabled: asOf.as_of === undefined }, ["/api/v1/incidents"], 1_000);
  return read;
}

export interface More {
  total: number;
  /** Of these, worst first. */
  by: readonly (readonly [severity: Severity, times: number])[];
}

const WORST_FIRST: readonly Severity[] = ["CRITICAL", "WARNING", "INFO"];

/** Those that are not told one by one. */
export function moreOf({ items, total, by_severity }: IncidentList): More {
  const told = (severity: Severity) => items.filter((each) => each.severity === severity).length;
  const by = WORST_FIRST.map((severity) => [severity, by_severity[severity] - told(severity)] as const);
  return { total: Math.max(0, total - items.length), by: by.filter(([, times]) => times > 0) };
}
