import { useMemo } from "react";

import { Chart, type ChartSeries } from "@/components/chart/chart";
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
  const series = useMemo(() => seriesOf(answer), [answer]);
  const range = { start: Date.parse(window.start), end: Date.parse(window.end) };
  if (series.length === 0) {
    return <Nothing title="No values">The clusters answered: no line matches in this time range.</Nothing>;
  }
  return (
    <section className="panel logs-metric" aria-label="Result" tabIndex={0}>
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

/** Series with the cluster as one more label; a vector is a series of one point. */
export function seriesOf(answer: LogsAnswer): ChartSeries[] {
  return answer.results.flatMap(({ cluster_name, data }) =>
    data.map(({ metric, values }) => {
      const own = Object.entries(metric).map(([label, value]) => `${label}="${String(value)}"`);
      return {
        name: own.length === 0 ? cluster_name : `${cluster_name} {${own.join(", ")}}`,
        labels: { cluster: cluster_name, ...metric },
        points: [values.map(([at]) => Number(at) * 1_000), values.map(([, value]) => Number(value))] as const,
      };
    }),
  );
}
