/** What belongs together of all that is wrong, as the home needs it. */

import { keepPreviousData } from "@tanstack/react-query";

import type { Tone } from "@/components/badges";
import type { Item } from "@/features/fleet/attention";
import { someOf } from "@/features/fleet/some-of";
import { useListIncidents } from "@/generated/api";
import type { IncidentList, IncidentView, Severity } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

/** So many are told one by one; there is a list of all. */
const READ = 5;
const EVENTS = [
  "INCIDENT_OPENED",
  "INCIDENT_UPDATED",
  "INCIDENT_ACKNOWLEDGED",
  "INCIDENT_RESOLVED",
  "INCIDENT_REOPENED",
  "INCIDENT_MERGED",
  "INCIDENT_SPLIT",
];
const TONES: Readonly<Record<Severity, Tone>> = { CRITICAL: "danger", WARNING: "warning", INFO: "neutral" };

/** Those that are not over at the instant that is shown, the worst first. */
export function useIncidents() {
  const asOf = useAsOf();
  const read = useListIncidents({ page_size: READ, ...asOf }, { query: { placeholderData: keepPreviousData } });
  useRefreshOn({ types: EVENTS, enabled: asOf.as_of === undefined }, ["/api/v1/incidents"], 1_000);
  return read;
}

/** One line for all that belongs together, instead of one for each alert. */
export function incidentItems(found: IncidentList | undefined): Item[] {
  if (found === undefined) return [];
  const items = found.items.map(itemOf);
  const more = found.total - items.length;
  if (more > 0) items.push({ id: "more incidents", tone: "neutral", what: `${plural(more, "more incident")}`, place: { to: "/incidents" } });
  return items;
}

function itemOf(incident: IncidentView): Item {
  const { id, severity, title, clusters, signals, lasting, acknowledged_by, opened_at, last_signal_at } = incident;
  const names = clusters.flatMap(({ name }) => (name === null ? [] : [name]));
  const amount = signals === 1 ? "" : `${count(signals)} signals, ${count(lasting)} of them ${lasting === 1 ? "lasts" : "last"}`;
  return {
    id: `incident ${id}`,
    tone: TONES[severity],
    what: title,
    place: { to: `/incidents/${id}` },
    where: names.length > 0 && clusters.length <= 2 ? `on ${names.join(" and ")}` : `on ${plural(clusters.length, "cluster")}`,
    why: [
      acknowledged_by === null ? "" : `${acknowledged_by} works on it`,
      amount,
      clusters.length > 2 && names.length > 0 ? someOf(names, clusters.length) : "",
    ]
      .filter(Boolean)
      .join(" · ") || undefined,
    since: { at: last_signal_at, ...(signals > 1 ? { label: "newest" } : {}), ...(opened_at === last_signal_at ? {} : { oldest: opened_at }) },
  };
}
