/** The time around an anomaly, and where else its series is shown. */

import { gpuOf, isCounter } from "@/components/anomalies/words";
import type { Line } from "@/components/chart/lines";
import { asSelector } from "@/components/chart/lines";
import type { Anomaly, AnomalyView } from "@/generated/api.schemas";
import type { Place } from "@/lib/place";

const LEAST_MS = 30 * 60_000;
const MOST_MS = 24 * 3_600_000;

/** As long before and after as it lasted, half an hour at least and a day at most; never beyond now. */
export function aroundOf({ detected_at, ended_at }: Pick<Anomaly, "detected_at" | "ended_at">, now: number): { start: number; end: number } {
  const from = Date.parse(detected_at);
  const until = ended_at == null ? now : Date.parse(ended_at);
  const around = Math.min(MOST_MS, Math.max(LEAST_MS, until - from));
  // Of one that lasts for long its beginning is what tells something.
  return { start: from - around, end: Math.max(Math.min(now, until + around), from + 60_000) };
}

const LEAST_WHILE_MS = 10 * 60_000;

/** While it lasted, or lasts: what is compared with before. A short one with what came right after, of a long one its first day. */
export function whileOf({ detected_at, ended_at }: Pick<Anomaly, "detected_at" | "ended_at">, now: number): { start: number; end: number } {
  const start = Date.parse(detected_at);
  const until = ended_at == null ? now : Date.parse(ended_at);
  const long = Math.min(MOST_MS, Math.max(LEAST_WHILE_MS, until - start));
  return { start, end: Math.max(Math.min(now, start + long), start + 60_000) };
}

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** The series by itself, as PromQL asks for it; undefined where the metric is the text of a query. */
export function selectorOf({ metric_name, labels }: Pick<Anomaly, "metric_name" | "labels">): string | undefined {
  const name = labels["__name__"] ?? metric_name;
  return METRIC.test(name) ? asSelector({ ...labels, __name__: name }) : undefined;
}

/** What is asked of it, where what its watch asks is known: of a counter the rate. */
export function queryOf(anomaly: Pick<Anomaly, "metric_name" | "labels">, asked: string | undefined): string | undefined {
  const query = isCounter(anomaly) ? (selectorOf(anomaly) ?? asked) : (asked ?? selectorOf(anomaly));
  return query !== undefined && isCounter(anomaly) ? `rate(${query}[5m])` : query;
}

/** Whether a line is the anomaly's series: it has all of its labels. */
export const isSeriesOf =
  ({ labels }: Pick<Anomaly, "labels">) =>
  ({ metric }: Pick<Line, "metric">): boolean =>
    Object.entries(labels).every(([name, value]) => metric[name] === value || (name === "__name__" && metric[name] === undefined));

interface Lead extends Place {
  says: string;
}

const iso = (at: number) => new Date(at).toISOString();

/** Where to look on: the same time, the same place. */
export function leadsOf(anomaly: AnomalyView, range: { start: number; end: number }): Lead[] {
  const { cluster_id, labels, incident_id, watch_id, metric_name } = anomaly;
  const time = { from: iso(range.start), to: iso(range.end) };
  const { namespace, pod, node } = labels;
  const query = selectorOf(anomaly);
  return [
    ...(incident_id === null ? [] : [{ to: `/incidents/${incident_id}`, says: "The incident that it belongs to" } as const]),
    ...(gpuOf(anomaly) !== undefined
      ? [{ to: "/gpu", search: { tab: "history", of: `${cluster_id}/${node}`, ...time }, says: "History of the node's GPUs" } as const]
      : query === undefined
        ? []
        : [{ to: "/observability/metrics", search: { query: [query], clusters: [cluster_id], ...time }, says: "The series in metrics" } as const]),
    ...(namespace === undefined
      ? []
      : [
          {
            to: "/observability/logs",
            search: { query: asSelector({ namespace, ...(pod ? { pod } : {}) }), clusters: [cluster_id], ...time },
            says: pod === undefined ? "Logs of the namespace" : "Logs of the pod",
          } as const,
        ]),
    { to: "/alerts", search: { cluster_id: [cluster_id], tab: "history", ...time }, says: "Alerts of the cluster then" },
    { to: "/anomalies", search: { metric: metric_name, cluster_id: [cluster_id] }, says: "Other anomalies of this metric there" },
    ...(watch_id === null || watch_id === undefined
      ? []
      : [{ to: "/anomalies", search: { tab: "watches", watch: watch_id }, says: "Its watch" } as const]),
  ];
}
