/** Logs over time explained: lines by level, or the numbers that LogQL makes, over the shown window and as long before. */

import { useClusterNaming } from "@/components/cluster-names";
import { ExplainDrawer, Explanation, type Explained } from "@/components/explain/explain-drawer";
import type { Window } from "@/components/explain/differences";
import { useStillWindow } from "@/components/explain/use-still-window";
import { PartialNotice } from "@/components/partial-notice";
import { comparedOf } from "@/features/observability/logs/compared";
import { asksForLines } from "@/features/observability/logs/selector";
import { aligned, countingQuery, stepFor } from "@/features/observability/logs/volume";
import { NO_CLUSTERS, type LogsSearch } from "@/features/observability/search";
import { queryLogsRange } from "@/generated/api";
import { useAsOf, useRange } from "@/lib/moment";
import { useSearch } from "@/lib/place";

/** As many values in the window as there are bars, and as many before. */
const STEPS = 160;

interface ExplainLogsProps {
  query: string;
  onClose: () => void;
}

export function ExplainLogs({ query, onClose }: ExplainLogsProps) {
  const { clusters = NO_CLUSTERS } = useSearch<LogsSearch>();
  const { as_of } = useAsOf();
  const { from, to } = useRange();
  return (
    <ExplainDrawer onClose={onClose}>
      <OfWindow key={JSON.stringify([query, clusters, from, to, as_of])} query={query} />
    </ExplainDrawer>
  );
}

function OfWindow({ query }: { query: string }) {
  const { clusters = NO_CLUSTERS } = useSearch<LogsSearch>();
  const window = useStillWindow();
  const names = useClusterNaming();
  const read = async (span: Window, signal: AbortSignal): Promise<Explained> => {
    const step = stepFor(span.start, span.end, STEPS);
    const { start, end } = aligned(span.start, span.end, step);
    const answer = await queryLogsRange(
      {
        query: asksForLines(query) ? countingQuery(query, step) : query,
        cluster_ids: [...clusters],
        // A value at a time is of the step before it.
        start_time: new Date(start + step).toISOString(),
        end_time: new Date(Math.max(end, start + step + 1)).toISOString(),
        step: `${step / 1000}s`,
      },
      { signal },
    );
    return {
      series: comparedOf(answer, { start, end, step }, asksForLines(query)),
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
      window={window}
      read={read}
      asked={["logs", query, clusters]}
      clusters={clusters.map((id) => ({ id, name: names([id]) }))}
    />
  );
}
