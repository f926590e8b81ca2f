/** What is asked of a cluster's backends about a thing: PromQL, LogQL, and the pages that ask it. */

import type { Thing } from "@/components/neighbourhood/entity";
import type { Place } from "@/lib/place";

const AROUND_MS = 30 * 60_000;

/** Text of another as a string of PromQL and LogQL. */
export const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

/** `{namespace="shop",pod="cart-5d8f"}`. */
export const selector = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(",")}}`;

/** Half an hour before it began to half an hour after, but not into what has not come yet. */
export function aroundStart(began: string, now: number): { from: string; to: string } {
  const start = Date.parse(began);
  const to = Math.max(Math.min(start + AROUND_MS, now), start + 60_000);
  return { from: new Date(start - AROUND_MS).toISOString(), to: new Date(to).toISOString() };
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
/** Pods are called after their workload. */
const podsNamed = (workload: string) => quoted(`${escaped(workload)}-.+`);
/** Node exporters are found by address and port. */
const instance = (node: string) => quoted(`${escaped(node)}(:[0-9]+)?`);

/** What selects the containers of a thing; undefined for what is no pods. */
function podMatchers(thing: Thing): string | undefined {
  switch (thing.kind) {
    case "pod":
      return `namespace=${quoted(thing.namespace)},pod=${quoted(thing.name)}`;
    case "workload":
      return `namespace=${quoted(thing.namespace)},pod=~${podsNamed(thing.name)}`;
    case "namespace":
      return `namespace=${quoted(thing.name)}`;
    default:
      return undefined;
  }
}

/** Which of `kube_pod_info` are asked for: those that belong to it; undefined for what has no pods. */
export function podsQuery(thing: Thing): string | undefined {
  if (thing.kind === "node") return `kube_pod_info{node=${quoted(thing.name)}}`;
  // Those beside a pod too: that is all of its namespace.
  const matchers = podMatchers(thing.kind === "pod" ? { ...thing, kind: "namespace", name: thing.namespace } : thing);
  return matchers === undefined ? undefined : `kube_pod_info{${matchers}}`;
}

/** All that is told of one pod, in one question. */
export const podQuery = (pod: { namespace: string; name: string }): string =>
  `{__name__=~"kube_pod_info|kube_pod_owner|kube_pod_status_phase|kube_pod_container_status_restarts_total",namespace=${quoted(pod.namespace)},pod=${quoted(pod.name)}}`;

export interface Way extends Place {
  says: string;
}

/** Metrics that tell most of a thing, by what they are called. */
export function metricsOf(thing: Thing): readonly (readonly [string, string])[] {
  const pods = podMatchers(thing);
  if (pods !== undefined) return podMetrics(pods);
  switch (thing.kind) {
    case "node":
      return [
        ["Load", `node_load1{instance=~${instance(thing.name)}}`],
        ["Free memory", `node_memory_MemAvailable_bytes{instance=~${instance(thing.name)}}`],
        ["Network", `rate(node_network_receive_bytes_total{instance=~${instance(thing.name)}}[5m])`],
      ];
    case "gpu":
      return (
        [
          ["Utilisation", "DCGM_FI_DEV_GPU_UTIL"],
          ["Memory", "DCGM_FI_DEV_FB_USED"],
          ["Temperature", "DCGM_FI_DEV_GPU_TEMP"],
          ["Power", "DCGM_FI_DEV_POWER_USAGE"],
        ] as const
      ).map(([says, metric]) => [says, `${metric}{UUID=${quoted(thing.name)}}`]);
    case "cluster":
      return [
        ["Load by node", "node_load1"],
        ["Pods by node", "count by (node) (kube_pod_info)"],
      ];
    default:
      return [];
  }
}

const podMetrics = (matchers: string) =>
  [
    ["CPU", `sum by (pod) (rate(container_cpu_usage_seconds_total{${matchers},container!=""}[5m]))`],
    ["Memory", `sum by (pod) (container_memory_working_set_bytes{${matchers},container!=""})`],
    ["Restarts", `kube_pod_container_status_restarts_total{${matchers}}`],
  ] as const;

/** The lines of a thing; undefined for what streams of logs are not labelled by. */
export function logsOf(thing: Thing): string | undefined {
  const matchers = thing.kind === "cluster" ? 'namespace=~".+"' : podMatchers(thing);
  return matchers === undefined ? undefined : `{${matchers}}`;
}

/** Its traces, as parts of a search; undefined for what spans do not name. */
export function tracesOf(thing: Thing): object | undefined {
  switch (thing.kind) {
    case "pod":
      return { tag: [`k8s.pod.name=${thing.name}`] };
    case "namespace":
      return { tag: [`k8s.namespace.name=${thing.name}`] };
    case "workload":
    case "service":
      return { service: thing.name };
    case "cluster":
      return {};
    default:
      return undefined;
  }
}

/** Which alerts are on it, as the list of alerts takes it; undefined where labels do not tell. */
export function alertsOf(thing: Thing): { cluster_id: string[]; namespace?: string[]; label?: string[] } | undefined {
  const cluster_id = [thing.cluster];
  switch (thing.kind) {
    case "pod":
      return { cluster_id, namespace: [thing.namespace], label: [`pod=${thing.name}`] };
    case "workload":
      // By several labels, any of which may tell it: they are told apart here.
      return { cluster_id, namespace: [thing.namespace] };
    case "namespace":
      return { cluster_id, namespace: [thing.name] };
    case "node":
      return { cluster_id, label: [`node=${thing.name}`] };
    case "gpu":
      return { cluster_id, label: [`UUID=${thing.name}`] };
    case "service":
      return { cluster_id, label: [`service=${thing.name}`] };
    case "cluster":
      return { cluster_id };
  }
}

/** Labels of series that are of it; undefined: all of its cluster. */
export function labelsOf(thing: Thing): string[] | undefined {
  switch (thing.kind) {
    case "pod":
      return [`namespace=${thing.namespace}`, `pod=${thing.name}`];
    case "workload":
      return [`namespace=${thing.namespace}`];
    case "namespace":
      return [`namespace=${thing.name}`];
    case "node":
      return [`node=${thing.name}`];
    case "gpu":
      return [`gpu_uuid=${thing.name}`];
    case "service":
      return [`service=${thing.name}`];
    case "cluster":
      return undefined;
  }
}
