/** Metrics over a time that an answer rests on: seen below its words, without opening the calls. */

import { useMemo } from "react";

import { chartOf } from "@/features/chat/results/shapes";
import { Lines } from "@/features/chat/results/result";
import { isAnswer } from "@/features/chat/shared/words";
import type { ChatStep } from "@/generated/api.schemas";

/** Of the last ones; the others stand in their calls. */
const MOST = 3;

export function Charts({ steps }: { steps: readonly ChatStep[] }) {
  const charts = useMemo(() => chartsOf(steps), [steps]);
  return charts.map(({ id, query, chart }) => (
    <figure key={id} className="chat-chart" aria-label={query}>
      <Lines chart={chart} query={query} />
    </figure>
  ));
}

function chartsOf(steps: readonly ChatStep[]) {
  return steps
    .flatMap(({ calls }) => calls)
    .flatMap(({ id, tool, arguments: given, result }) => {
      const chart = tool === "query_metrics" && isAnswer(result) ? chartOf(result.data, given) : undefined;
      return chart === undefined ? [] : [{ id, query: String(given["query"] ?? tool), chart }];
    })
    .slice(-MOST);
}
