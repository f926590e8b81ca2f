/** An anomaly's chart explained: its series, and others of the same query, while it lasted and as long before. */

import { useState } from "react";

import { anomalyTitle, gpuMetric, gpuOf, seriesInWords } from "@/components/anomalies/words";
import { linesOf } from "@/components/chart/lines";
import { unitOf } from "@/components/chart/unit-of";
import type { Window } from "@/components/explain/differences";
import { ExplainDrawer, Explanation, type Explained } from "@/components/explain/explain-drawer";
import { GPU_GRAINS } from "@/components/explain/gpu-grains";
import { PartialNotice } from "@/components/partial-notice";
import { isSeriesOf, queryOf, whileOf } from "@/features/anomalies/detail/around";
import { onSteps, timeOf } from "@/features/anomalies/shared/steps";
import { getGpuHistory, getWatch, queryMetricsRange } from "@/generated/api";
import type { AnomalyView } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useNow } from "@/lib/moment";

/** So short a time has hardly any values. */
const YOUNG_MS = 3 * 60_000;

export function ExplainAnomaly({ anomaly, onClose }: { anomaly: AnomalyView; onClose: () => void }) {
  // One that has ended meanwhile is another window.
  return (
    <ExplainDrawer onClose={onClose}>
      <WhileItLasted key={anomaly.ended_at ?? ""} anomaly={anomaly} />
    </ExplainDrawer>
  );
}

function WhileItLasted({ anomaly }: { anomaly: AnomalyView }) {
  const now = useNow(60_000);
  // One that lasts stands still while it is read about.
  const [window] = useState(() => whileOf(anomaly, now));
  const { id, cluster_id, cluster_name } = anomaly;
  const isYoung = window.end - window.start < YOUNG_MS;
  return (
    <Explanation
      label={`${anomalyTitle(anomaly)}${seriesInWords(anomaly) ? `, ${seriesInWords(anomaly)}` : ""}`}
      window={window}
      read={(span, signal) => readSeries(anomaly, span, signal)}
      asked={["anomaly", id]}
      clusters={[{ id: cluster_id, name: cluster_name ?? cluster_id.slice(0, 8) }]}
      happened={isYoung ? <p className="hint">It has just begun: open this again in a few minutes, when there is more to compare.</p> : null}
    />
  );
}

/** Where it has a chart. */
export const isExplained = (anomaly: AnomalyView): boolean => gpuMetric(anomaly) !== undefined || gpuOf(anomaly) === undefined;

async function readSeries(anomaly: AnomalyView, span: Window, signal: AbortSignal): Promise<Explained> {
  if (gpuMetric(anomaly) !== undefined) return ofGpu(anomaly, span, signal);
  const query = queryOf(anomaly, await askedBy(anomaly, signal));
  if (query === undefined) return { series: [], notice: <p>What it asked is not known any more.</p> };
  const answer = await queryMetricsRange({ query, cluster_ids: [anomaly.cluster_id], ...timeOf(onSteps(span)) }, { signal });
  const isOwn = isSeriesOf(anomaly);
  return {
    series: linesOf(answer, query).lines.map((line) => ({
      ...line,
      unit: unitOf(query),
      name: isOwn(line) ? `${line.name} (the anomaly's own)` : line.name,
    })),
    notice: (
      <PartialNotice queried={answer.clusters_queried} answered={answer.clusters_succeeded} missing={answer.missing} warnings={answer.warnings} />
    ),
  };
}

/** The query of its watch as it is now; undefined where it has none any more. */
async function askedBy({ watch_id }: AnomalyView, signal: AbortSignal): Promise<string | undefined> {
  if (watch_id == null) return undefined;
  try {
    return (await getWatch(watch_id, {}, { signal })).query;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function ofGpu(anomaly: AnomalyView, { start, end }: Window, signal: AbortSignal): Promise<Explained> {
  const { column, unit, by } = gpuMetric(anomaly)!;
  const { node = "", gpu_uuid = "" } = anomaly.labels;
  const [from, to] = [new Date(start).toISOString(), new Date(end).toISOString()];
  const asked = { cluster_id: anomaly.cluster_id, node_name: node, gpu_uuid, metric: [column], from, to };
  const { series, step_seconds } = await getGpuHistory(asked, { signal });
  return {
    series: series.map(({ points }) => ({
      name: seriesInWords(anomaly),
      unit,
      grain: GPU_GRAINS[unit],
      // A point is told with the beginning of its step.
      points: [
        points.map(([at]) => (at + step_seconds / 2) * 1000),
        points.map(([, value]) => (value === null ? Number.NaN : value * by)),
      ],
    })),
  };
}
