/** What the fleet has answered, as lines of a chart: named by what tells them apart. */

import type { ChartSeries } from "@/components/chart/chart";
import type { MetricAnswer, MetricSeries } from "@/generated/api.schemas";

export interface Line extends ChartSeries {
  /** All labels, without the cluster. */
  metric: Readonly<Record<string, string>>;
  clusterId: string | undefined;
  clusterName: string | undefined;
  /** The last value as it came: it may be a text. */
  said: string | undefined;
  /** When that was, in milliseconds since 1970. */
  saidAt: number | undefined;
}

export interface Lines {
  lines: Line[];
  /** Labels that all of them have alike, by which no name tells anything. */
  common: Readonly<Record<string, string>>;
  /** How many are native histograms, which have no one value. */
  histograms: number;
}

interface Named {
  metric: Readonly<Record<string, string>>;
  clusterName: string | undefined;
}

interface Found extends Named {
  series: MetricSeries;
  clusterId: string | undefined;
}

/** `query`: what a series is called that has neither labels nor a cluster. */
export function linesOf(answer: Pick<MetricAnswer, "results">, query: string): Lines {
  const all = answer.results.flatMap(({ cluster_id, cluster_name, data }) =>
    data.map((series) => ({
      series,
      metric: series.metric,
      clusterId: cluster_id ?? undefined,
      clusterName: cluster_name ?? undefined,
    })),
  );
  const found = all.filter(({ series }) => (series.values?.length ?? 0) > 0);
  const { names, common } = namesOf(found, query);
  const lines = found.map((each, at) => line(each, names[at]!));
  return { lines, common, histograms: all.length - found.length };
}

/** What tells each of them from the others, unlike all others; and what none is told apart by. `alone`: without either. */
export function namesOf(all: readonly Named[], alone: string): { names: string[]; common: Lines["common"] } {
  const common = commonLabels(all.map(({ metric }) => metric));
  const differing = differingLabels(all, common);
  const several = new Set(all.map(({ clusterName }) => clusterName)).size > 1;
  const taken = new Map<string, number>();
  return { names: all.map((each) => unique(nameOf(each, differing, several) || alone, taken)), common };
}

function line({ series, clusterId, clusterName }: Found, name: string): Line {
  const samples = series.values ?? [];
  const last = samples.at(-1);
  return {
    name,
    metric: series.metric,
    labels: clusterName === undefined ? series.metric : { cluster: clusterName, ...series.metric },
    clusterId,
    clusterName,
    points: [
      Float64Array.from(samples, ([time]) => Math.round(time * 1000)),
      Float64Array.from(samples, ([, value]) => numberOf(value)),
    ],
    said: last?.[1],
    saidAt: last && Math.round(last[0] * 1000),
  };
}

/** Prometheus writes `+Inf`, which is no number to JavaScript. */
export function numberOf(text: string): number {
  if (text === "+Inf" || text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

export function commonLabels(metrics: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...rest] = metrics;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((metric) => metric[name] === value)),
  );
}

function differingLabels(found: readonly Named[], common: Readonly<Record<string, string>>): string[] {
  const names = new Set(found.flatMap(({ metric }) => Object.keys(metric)));
  return [...names].filter((name) => !(name in common)).toSorted();
}

/**
 * `edge-1 · worker-3`; with several labels that differ `edge-1 · device="sda" node="worker-3"`; the
 * cluster only where there are several, or nothing else to say.
 */
function nameOf({ metric, clusterName }: Named, differing: readonly string[], several: boolean): string {
  const own = differing.filter((name) => metric[name] !== undefined);
  const [only] = own;
  const labels =
    own.length === 1 && differing.length === 1
      ? metric[only!]!
      : own.map((name) => (name === "__name__" ? metric[name]! : `${name}="${metric[name]!}"`)).join(" ");
  const cluster = several || labels === "" ? clusterName : undefined;
  const name = [cluster, labels].filter((part) => part !== undefined && part !== "").join(" · ");
  return name === "" ? (metric["__name__"] ?? "") : name;
}

function unique(name: string, taken: Map<string, number>): string {
  const before = taken.get(name) ?? 0;
  taken.set(name, before + 1);
  return before === 0 ? name : `${name} (${before + 1})`;
}

/** `up{job="node-exporter"}`, as PromQL writes it. */
export function asSelector(labels: Readonly<Record<string, string>>): string {
  const { __name__: name = "", ...rest } = labels;
  const inner = Object.entries(rest)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ");
  return inner === "" ? name : `${name}{${inner}}`;
}
