/** The log as a person would tell it: each line one thing that happened, a storm of the same one line. */

import type { Tone } from "@/components/badges";
import { hardwareChange, hardwareKind, type Told } from "@/features/fleet/hardware-changes";
import type { Happening } from "@/features/fleet/happening";
import { someOf } from "@/features/fleet/some-of";
import type { ClusterState, EventName } from "@/generated/api.schemas";
import { count, plural, title, words } from "@/lib/format";
import type { Place } from "@/lib/place";

export const CHANGE_TYPES: readonly EventName[] = [
  "CLUSTER_STATUS_CHANGED",
  "CLUSTER_REGISTERED",
  "CLUSTER_UPDATED",
  "CLUSTER_DELETED",
  "CLUSTER_CAPABILITIES_CHANGED",
  "CLUSTER_CREDENTIALS_EXPIRING",
  "CLUSTER_CREDENTIALS_UPDATED",
  "CLUSTER_CREDENTIALS_DELETED",
  "EDGE_LINK_LOST",
  "EDGE_LINK_RESTORED",
  "BACKEND_CIRCUIT_OPENED",
  "BACKEND_CIRCUIT_CLOSED",
];

export interface Change {
  id: string;
  tone: Tone;
  what: string;
  more?: string | undefined;
  /** Milliseconds since 1970, of the newest and of the oldest. */
  at: number;
  first: number;
  times: number;
  place: Place;
}

/** Events of one kind with less time than this between them are one line. */
export const gapOf = (span: number): number => Math.max(60_000, span / 20);

/** What happened, newest first. `log`: newest first. */
export function gather(log: readonly Happening[], gap: number): Change[] {
  const open = new Map<string, Happening[]>();
  const groups: { id: string; events: Happening[] }[] = [];
  for (const event of log) {
    if (event.renewed && event.type === "ALERT_FIRED") continue;
    const kind = kindOf(event);
    const group = open.get(kind);
    if (group && group.at(-1)!.at - event.at <= gap) {
      group.push(event);
      continue;
    }
    const events = [event];
    open.set(kind, events);
    groups.push({ id: kind, events });
  }
  const gone = new Set(log.filter(({ type }) => type === "CLUSTER_DELETED").map(({ cluster }) => cluster));
  // The oldest event stays as the group grows on top, so it is what names the line.
  return groups.map(({ id, events }) => {
    const change = changeOf(`${id} ${events.at(-1)!.id}`, events);
    const { cluster } = events[0]!;
    // A page that is no more leads nowhere; the log still tells of it.
    if (!gone.has(cluster) || !isOf(change.place, cluster)) return change;
    return { ...change, place: { to: "/events" as const, search: { cluster_id: cluster } } };
  });
}

/** Whether a page shows that cluster, or something of it. */
const isOf = ({ to }: Place, cluster: string | null) => to === `/clusters/${cluster}` || to === "/gpu" || to === "/cnf";

function kindOf(event: Happening): string {
  const { type, alertname, state, site } = event;
  if (alertname !== undefined) return `alert ${alertname}`;
  if (event.gpu !== undefined || event.function !== undefined) return hardwareKind(event);
  return `${type} ${state ?? site ?? ""}`;
}

function changeOf(id: string, events: readonly Happening[]): Change {
  const newest = events[0]!;
  const when = { id, at: newest.at, first: events.at(-1)!.at, times: events.length };
  if (newest.alertname !== undefined) return { ...when, ...alertChange(newest.alertname, events) };
  if (newest.site !== undefined) return { ...when, ...linkChange(newest) };
  const hardware = hardwareChange(newest, events);
  if (hardware !== undefined) return { ...when, ...hardware };
  return { ...when, ...clusterChange(newest, events) };
}

function alertChange(alertname: string, events: readonly Happening[]): Told {
  const fired = events.filter(({ type }) => type === "ALERT_FIRED");
  const ended = new Set(events.filter(({ type }) => type === "ALERT_RESOLVED").map(({ alert }) => alert));
  const resolved = events.length - fired.length;
  const [where, names] = clustersOf(events);
  const place = { to: "/alerts" as const, search: { alertname } };
  const bad: Tone = fired.some(({ severity }) => severity === "CRITICAL")
    ? "danger"
    : fired.some(({ severity }) => severity === "WARNING")
      ? "warning"
      : "info";
  const over = fired.every(({ alert }) => ended.has(alert));
  const times = (verb: string, said: number) => (said === 1 ? verb : `${verb} ${count(said)}×`);
  const verbs = [
    ...(fired.length > 0 ? [times("fired", fired.length)] : []),
    ...(resolved > 0 ? [times("resolved", resolved)] : []),
  ];
  return { tone: over ? "success" : bad, what: `${alertname} ${verbs.join(", ")} on ${where}`, more: names, place };
}

const linkChange = ({ type, site }: Happening): Told => ({
  tone: type === "EDGE_LINK_LOST" ? "danger" : "success",
  what: type === "EDGE_LINK_LOST" ? `Site ${site} lost its link` : `Site ${site} is heard of again`,
  place: { to: "/events", search: { event_type: ["EDGE_LINK_LOST", "EDGE_LINK_RESTORED"] } },
});

const STATES: Readonly<Record<ClusterState, readonly [Tone, string]>> = {
  ONLINE: ["success", "came online"],
  DEGRADED: ["warning", "became degraded"],
  OFFLINE: ["danger", "went offline"],
  PROVISIONING: ["info", "began to be set up"],
  UNKNOWN: ["neutral", "became unknown"],
};

function clusterChange(newest: Happening, events: readonly Happening[]): Told {
  const [who, names] = clustersOf(events);
  const several = who !== nameOf(newest);
  const are = several ? "are" : "is";
  const were = several ? "were" : "was";
  const known = { more: names ?? newest.reason, place: placeOf(newest, several) };
  switch (newest.type) {
    case "CLUSTER_STATUS_CHANGED": {
      const [tone, verb] = STATES[newest.state ?? "UNKNOWN"];
      return { ...known, tone, what: `${who} ${verb}` };
    }
    case "CLUSTER_REGISTERED":
      return { ...known, tone: "info", what: `${who} ${were} added` };
    case "CLUSTER_UPDATED": {
      const fields = [...new Set(events.flatMap((event) => event.fields ?? []))].map(words);
      return { ...known, tone: "info", what: `${who} ${were} changed`, more: fields.join(", ") || names };
    }
    case "CLUSTER_DELETED":
      return { ...known, tone: "info", what: `${who} ${were} removed`, place: { to: "/clusters" } };
    case "CLUSTER_CAPABILITIES_CHANGED":
      return { ...known, tone: "info", what: `What ${who} can do has changed` };
    case "CLUSTER_CREDENTIALS_EXPIRING":
      return { ...known, tone: "warning", what: `Credentials of ${who} end soon` };
    case "CLUSTER_CREDENTIALS_UPDATED":
      return { ...known, tone: "info", what: `Credentials of ${who} were updated` };
    case "CLUSTER_CREDENTIALS_DELETED":
      return { ...known, tone: "warning", what: `Credentials of ${who} were deleted` };
    case "BACKEND_CIRCUIT_OPENED":
      return { ...known, tone: "warning", what: `${backendsOf(events)} of ${who} failed and ${are} left alone` };
    case "BACKEND_CIRCUIT_CLOSED":
      return { ...known, tone: "success", what: `${backendsOf(events)} of ${who} answered again` };
    default:
      return { ...known, tone: "neutral", what: `${title(newest.type)}: ${who}` };
  }
}

const nameOf = ({ clusterName, cluster }: Happening) => clusterName ?? cluster ?? "the hub";

/** `edge-1`, or `12 clusters` and some of their names. */
function clustersOf(events: readonly Happening[]): [string, string | undefined] {
  const names = [...new Set(events.map(nameOf))];
  return names.length === 1 ? [names[0]!, undefined] : [plural(names.length, "cluster"), someOf(names)];
}

function placeOf({ cluster, state, type }: Happening, several: boolean): Change["place"] {
  if (!several && cluster !== null) return { to: `/clusters/${cluster}` };
  if (state !== undefined) return { to: "/clusters", search: { state } };
  return { to: "/events", search: { event_type: [type] } };
}

const backendsOf = (events: readonly Happening[]) =>
  [...new Set(events.map(({ backend }) => title(backend ?? "")))].join(", ");
