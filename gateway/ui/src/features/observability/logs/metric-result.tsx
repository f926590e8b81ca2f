import { useMemo } from "react";

import { Chart, type ChartSeries } from "@/components/chart/chart";
import { asSelector, namesOf } from "@/components/chart/lines";
import { Nothing } from "@/components/states";
import { stepFor } from "@/features/observability/logs/volume";
import type { LogsAnswer } from "@/generated/api.schemas";
import { useSetSearch } from "@/lib/place";

interface MetricResultProps {
  answer: LogsAnswer;
  window: { start: string; end: string };
}

/** What LogQL has made of lines: numbers over time, each cluster's by itself. */
export function MetricResult({ answer, window }: MetricResultProps) {
  const setSearch = useSetSearch();
  const { series, common } = useMemo(() => seriesOf(answer), [answer]);
  const range = { start: Date.parse(window.start), end: Date.parse(window.end) };
  if (series.length === 0) {
    return <Nothing title="No values">The clusters answered: no line matches in this time range.</Nothing>;
  }
  return (
    <section className="panel logs-metric" aria-label="Result" tabIndex={0}>
      {series.length > 1 && Object.keys(common).length > 0 ? (
        <p className="hint">
          All have in common: <span className="mono">{asSelector(common)}</span>
        </p>
      ) : null}
      <Chart
        label="Numbers made of log lines, by cluster"
        series={series}
        range={range}
        step={stepFor(range.start, range.end, 300)}
        height={320}
        onZoom={(from, to) => setSearch({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
      />
    </section>
  );
}

/** Series, named by what tells them apart, with the cluster as one more label; a vector is a series of one point. */
export function seriesOf(answer: LogsAnswer): { series: ChartSeries[]; common: Readonly<Record<string, string>> } {
  const all = answer.results.flatMap(({ cluster_name: clusterName, data }) =>
    data.map(({ metric, values }) => ({ clusterName, metric: textsOf(metric), values })),
  );
  const { names, common } = namesOf(all, "value");
  const series = all.map(({ clusterName, metric, values }, at) => ({
    name: names[at]!,
    labels: { cluster: clusterName, ...metric },
    points: [values.map(([time]) => Number(time) * 1_000), values.map(([, value]) => Number(value))] as const,
  }));
  return { series, common };
}

const textsOf = (labels: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]));
