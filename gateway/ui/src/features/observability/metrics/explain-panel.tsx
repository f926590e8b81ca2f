/** A query's chart explained: its series read over the shown window and as long before. */

import { useState } from "react";

import { useClusterNaming } from "@/components/cluster-names";
import { linesOf } from "@/components/chart/lines";
import { unitOf } from "@/components/chart/unit-of";
import { ExplainDrawer, Explanation, type Explained } from "@/components/explain/explain-drawer";
import type { Window } from "@/components/explain/differences";
import { PartialNotice } from "@/components/partial-notice";
import { onSteps } from "@/features/observability/metrics/step";
import { bodyOf } from "@/features/observability/metrics/use-metrics";
import { useStep } from "@/features/observability/metrics/use-step";
import { NO_CLUSTERS, type MetricsSearch } from "@/features/observability/search";
import { queryMetricsRange } from "@/generated/api";
import { resolveRange, useNow, useRange } from "@/lib/moment";
import { useSearch } from "@/lib/place";

/** Prometheus gives 11,000, of one series. */
const MOST_POINTS = 10_000;

interface ExplainPanelProps {
  query: string;
  onClose: () => void;
}

export function ExplainPanel({ query, onClose }: ExplainPanelProps) {
  const { clusters = NO_CLUSTERS, agg } = useSearch<MetricsSearch>();
  const { from, to } = useRange();
  const { step } = useStep();
  // Another question, or another window by zooming, is another explanation.
  return (
    <ExplainDrawer onClose={onClose}>
      <OfWindow key={JSON.stringify([query, clusters, agg, from, to, step])} query={query} step={step} />
    </ExplainDrawer>
  );
}

function OfWindow({ query, step }: { query: string; step: number }) {
  const { clusters = NO_CLUSTERS, agg } = useSearch<MetricsSearch>();
  const range = useRange();
  const now = useNow(60_000);
  // One that ends now stands still while it is read about.
  const [window] = useState(() => onSteps(resolveRange(range, now), step));
  const names = useClusterNaming();
  const read = async (span: Window, signal: AbortSignal): Promise<Explained> => {
    let coarse = step;
    while ((span.end - span.start) / coarse > MOST_POINTS) coarse *= 2;
    const asked = { query, clusters, agg, range, step: coarse, view: "chart", every: false } as const;
    const answer = await queryMetricsRange(bodyOf(asked, span.start, span.end), { signal });
    return {
      series: linesOf(answer, query).lines,
      notice: (
        <PartialNotice
          queried={answer.clusters_queried}
          answered={answer.clusters_succeeded}
          missing={answer.missing}
          warnings={answer.warnings}
        />
      ),
    };
  };
  return (
    <Explanation
      label={query}
      unit={unitOf(query)}
      window={window}
      read={read}
      asked={[query, clusters, agg, step]}
      clusters={clusters.map((id) => ({ id, name: names([id]) }))}
    />
  );
}
