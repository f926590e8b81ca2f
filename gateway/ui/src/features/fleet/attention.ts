/** What needs somebody beside incidents, in the order in which it should be looked at. */

import type { Tone } from "@/components/badges";
import { heard, type FiringGroup, type FiringGroups } from "@/features/fleet/firing";
import type { Happening } from "@/features/fleet/happening";
import { someOf } from "@/features/fleet/some-of";
import type { ClusterInFleet, ClusterState } from "@/generated/api.schemas";
import { count, title } from "@/lib/format";
import type { Place } from "@/lib/place";

export interface Item {
  id: string;
  tone: Tone;
  /** What it is, and the place to look at it. */
  what: string;
  place: Place;
  /** Which clusters or sites, in few words. */
  where?: string;
  why?: string | undefined;
  /** RFC 3339. `label`: what happened then, if it is not the beginning; `oldest`: when that was. */
  since?: { at: string; label?: string; oldest?: string } | undefined;
  /** The metrics around it. */
  metrics?: Place | undefined;
}

/** So many of one kind are told one by one; more are one line. */
export const ONE_BY_ONE = 3;
const AROUND_MS = 30 * 60_000;

interface Known {
  clusters: readonly ClusterInFleet[];
  critical: FiringGroups;
  warning: FiringGroups;
  signals: readonly Happening[];
  /** Of GPUs and network functions. */
  hardware?: readonly Item[];
  now: number;
}

/** `critical` and `warning`: alerts that no incident tells of. */
export function rank({ clusters, critical, warning, signals, hardware = [], now }: Known): Item[] {
  const names = new Map(clusters.map(({ id, name }) => [id, name]));
  const silent = new Set(clusters.filter(({ state }) => state === "OFFLINE").map(({ id }) => id));
  const of = (type: Happening["type"]) => signals.filter((signal) => signal.type === type);
  // A backend of a cluster that is offline fails because of that: one line for one cause.
  const circuits = of("BACKEND_CIRCUIT_OPENED").filter(({ cluster }) => !silent.has(cluster ?? ""));
  const nameOf = (event: Happening) => names.get(event.cluster ?? "") ?? event.clusterName ?? "a cluster";
  return [
    ...inState(clusters, "OFFLINE", "danger"),
    ...critical.groups.map((group) => alertItem(group, "danger", now)),
    ...moreItem("CRITICAL", critical.more),
    ...of("EDGE_LINK_LOST").map(linkItem),
    ...hardware.filter(({ tone }) => tone === "danger"),
    ...inState(clusters, "DEGRADED", "warning"),
    ...folded(circuits, "backends are failing", (event) => circuitItem(event, nameOf(event))),
    ...folded(of("CLUSTER_CREDENTIALS_EXPIRING"), "clusters have credentials that end soon", (event) =>
      credentialsItem(event, nameOf(event), now),
    ),
    ...hardware.filter(({ tone }) => tone !== "danger"),
    ...warning.groups.slice(0, ONE_BY_ONE).map((group) => alertItem(group, "warning", now)),
    ...moreItem("WARNING", warning.more + Math.max(0, warning.groups.length - ONE_BY_ONE)),
    ...inState(clusters, "UNKNOWN", "neutral"),
  ];
}

function inState(all: readonly ClusterInFleet[], state: ClusterState, tone: Tone): Item[] {
  const clusters = all
    .filter((cluster) => cluster.state === state)
    .toSorted((a, b) => Date.parse(b.changed_at ?? "") - Date.parse(a.changed_at ?? ""));
  const said = title(state).toLowerCase();
  if (clusters.length > ONE_BY_ONE) {
    const newest = clusters[0]!;
    return [
      {
        id: `state ${state}`,
        tone,
        what: `${count(clusters.length)} clusters are ${said}`,
        place: { to: "/clusters", search: { state } },
        why: [someOf(clusters.map(({ name }) => name)), newest.last_error].filter(Boolean).join(" · "),
        since: newest.changed_at === null ? undefined : { at: newest.changed_at, label: "newest" },
      },
    ];
  }
  return clusters.map(({ id, name, last_error: why, changed_at: at, health_score: score }) => ({
    id: `cluster ${id}`,
    tone,
    what: `${name} is ${said}`,
    place: { to: `/clusters/${id}` as const },
    where: score === null || state === "OFFLINE" ? "" : `score ${score}`,
    why: why ?? (state === "UNKNOWN" ? "Not checked: it has no credentials or endpoints, or is new." : undefined),
    since: at === null ? undefined : { at },
  }));
}

function alertItem(group: FiringGroup, tone: Tone, now: number): Item {
  const { alertname, severity, newest, oldest, clusters, named, atLeast } = group;
  const at = Date.parse(newest);
  const places = named.map(({ name }) => name);
  const or = atLeast ? "+" : "";
  return {
    id: `alert ${severity} ${alertname}`,
    tone,
    what: group.count === 1 ? alertname : `${alertname} × ${count(group.count)}${or}`,
    place: { to: "/alerts", search: heard({ alertname, severity }) },
    where:
      places.length === clusters && clusters <= 2 && !atLeast
        ? `on ${places.join(" and ")}`
        : `on ${count(clusters)}${or} ${clusters === 1 ? "cluster" : "clusters"}`,
    why: clusters > 2 && places.length > 0 ? someOf(places, clusters) : undefined,
    since: { at: newest, ...(group.count > 1 ? { label: "newest" } : {}), ...(oldest === newest ? {} : { oldest }) },
    metrics: {
      to: "/observability/metrics",
      search: {
        query: `ALERTS{alertname=${JSON.stringify(alertname)}}`,
        ...(places.length < clusters || clusters > 20 || atLeast ? {} : { clusters: named.map(({ id }) => id) }),
        from: new Date(at - AROUND_MS).toISOString(),
        to: new Date(Math.min(at + AROUND_MS, now)).toISOString(),
      },
    },
  };
}

/** So many more groups of alerts fire than are told one by one. */
function moreItem(severity: "CRITICAL" | "WARNING", more: number): Item[] {
  if (more === 0) return [];
  return [
    {
      id: `more ${severity}`,
      tone: severity === "CRITICAL" ? "danger" : "warning",
      what: `${count(more)} more ${more === 1 ? "group" : "groups"} of ${severity.toLowerCase()} alerts`,
      place: { to: "/alerts", search: { ...heard({ severity }), group: "alertname" } },
    },
  ];
}

const linkItem = ({ site, at }: Happening): Item => ({
  id: `link ${site}`,
  tone: "danger",
  what: `Site ${site} has lost its link`,
  place: { to: "/events", search: { event_type: ["EDGE_LINK_LOST", "EDGE_LINK_RESTORED"] } },
  why: "It goes on by itself; what is shown of its clusters is from before.",
  since: { at: new Date(at).toISOString() },
});

const circuitItem = ({ cluster, backend, reason, at }: Happening, name: string): Item => ({
  id: `circuit ${cluster} ${backend}`,
  tone: "warning",
  what: `${title(backend ?? "")} of ${name} is failing`,
  place: cluster === null ? { to: "/clusters" } : { to: `/clusters/${cluster}` },
  where: "left alone for a while",
  why: reason,
  since: { at: new Date(at).toISOString() },
});

function credentialsItem({ cluster, expiresAt, reason, at }: Happening, name: string, now: number): Item {
  const over = expiresAt !== undefined && Date.parse(expiresAt) <= now;
  return {
    id: `credentials ${cluster}`,
    tone: over ? "danger" : "warning",
    what: over ? `Credentials of ${name} have ended` : `Credentials of ${name} end soon`,
    place: cluster === null ? { to: "/clusters" } : { to: `/clusters/${cluster}`, search: { tab: "credentials" } },
    why: reason,
    since: { at: expiresAt ?? new Date(at).toISOString(), label: over ? "ended" : "end" },
  };
}

/** Each by itself, or all in one line if they are many. */
function folded(events: readonly Happening[], said: string, item: (event: Happening) => Item): Item[] {
  const items = events.map(item);
  if (items.length <= ONE_BY_ONE) return items;
  const [newest] = events;
  return [
    {
      id: said,
      tone: items.some(({ tone }) => tone === "danger") ? "danger" : "warning",
      what: `${count(items.length)} ${said}`,
      place: { to: "/events", search: { event_type: [newest!.type] } },
      why: newest!.reason,
      since: { at: new Date(newest!.at).toISOString(), label: "newest" },
    },
  ];
}
