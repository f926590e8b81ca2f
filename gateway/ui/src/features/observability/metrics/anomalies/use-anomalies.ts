/** Anomalies of what a query came to: those that were told, and those that are looked for when somebody asks. */

import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";

import { stretchOf } from "@/components/anomalies/stretches";
import { useToldAnomalies } from "@/components/anomalies/use-told";
import type { Line } from "@/components/chart/lines";
import type { Stretch } from "@/components/chart/stretches";
import { metricsIn } from "@/components/chart/unit-of";
import type { Answered } from "@/features/observability/metrics/use-metrics";
import { detectAnomalies } from "@/generated/api";
import type { AnomaliesFound, Anomaly, AnomalySearch, DetectionType } from "@/generated/api.schemas";

/** The hub gives itself two minutes, and one more for a model. */
const PATIENCE_MS = { alone: 130_000, asking: 190_000 };
/** As the hub cuts a query that is the name of what is watched, each gap one space. */
const LONGEST_NAME = 200;

/** Whether it may be of one of the lines: the same cluster, and no label that says otherwise. */
export const concerns =
  (lines: readonly Pick<Line, "clusterId" | "metric">[]) =>
  ({ cluster_id, labels }: Pick<Anomaly, "cluster_id" | "labels">): boolean =>
    lines.some(
      ({ clusterId, metric }) =>
        (clusterId === undefined || clusterId === cluster_id) &&
        Object.entries(labels).every(([name, value]) => metric[name] === undefined || metric[name] === value),
    );

export interface Search {
  /** Without a method: by both that need no model. */
  look: (method?: DetectionType) => void;
  isPending: boolean;
  error: Error | null;
  found: AnomaliesFound | undefined;
  /** What was found is of an earlier question. */
  isOld: boolean;
  clear: () => void;
}

type Asked = Pick<AnomalySearch, "query" | "cluster_ids" | "step">;

interface Anomalies {
  stretches: readonly Stretch[];
  /** Why not all that were told are there, in words. */
  lacking: string | undefined;
  search: Search;
}

export function useAnomalies({ body, lines, start, end }: Answered, isShown: boolean): Anomalies {
  const told = useToldAnomalies(
    {
      ...(body.cluster_ids ? { cluster_id: body.cluster_ids } : {}),
      metric: [...new Set([body.query.trim().replaceAll(/\s+/g, " ").slice(0, LONGEST_NAME), ...metricsIn(body.query)])],
      range: isShown ? { start, end } : undefined,
    },
    useMemo(() => concerns(lines), [lines]),
  );
  const { query, cluster_ids, step } = body;
  const asked: Asked = { query, ...(cluster_ids ? { cluster_ids } : {}), ...(step ? { step } : {}) };
  const run = useMutation({
    mutationFn: ({ asked, start, end, method }: { asked: Asked; start: number; end: number; method: DetectionType | undefined }) =>
      detectAnomalies(
        {
          ...asked,
          ...(method === undefined ? {} : { detection_type: method }),
          start_time: new Date(start).toISOString(),
          end_time: new Date(end).toISOString(),
        },
        { patience: method === "LLM_ASSISTED" ? PATIENCE_MS.asking : PATIENCE_MS.alone },
      ),
  });
  const found = run.data;
  // The range moves on with each reading; what was found stays right for its time.
  const isOld = run.variables !== undefined && JSON.stringify(run.variables.asked) !== JSON.stringify(asked);
  const stretches = useMemo(() => {
    const searched = isOld ? [] : anomaliesIn(found).map(stretchOf);
    const known = new Set(searched.map(({ id }) => id));
    return [...searched, ...told.stretches.filter(({ id }) => !known.has(id))];
  }, [found, isOld, told.stretches]);
  return {
    stretches,
    lacking: told.lacking,
    search: {
      look: (method) => run.mutate({ asked, start, end, method }),
      isPending: run.isPending,
      error: run.error,
      found,
      isOld,
      clear: run.reset,
    },
  };
}

/** All of them, the surest series first. */
export const anomaliesIn = (found: AnomaliesFound | undefined): readonly Anomaly[] => (found?.series ?? []).flatMap(({ anomalies = [] }) => anomalies);
