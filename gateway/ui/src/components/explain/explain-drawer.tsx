import "@/components/explain/explain.css";

import { useQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";

import type { ChartSeries } from "@/components/chart/chart";
import type { Unit } from "@/components/chart/units";
import { Drawer } from "@/components/drawer";
import { beforeOf, differencesOf, type Difference, type Differences, type Window } from "@/components/explain/differences";
import { ExplainPart } from "@/components/explain/explain-part";
import { Spans } from "@/components/explain/spans";
import { WhatWasWrong, type ExplainedCluster } from "@/components/explain/what-was-wrong";
import { caveatsOf, differenceInWords, headlineOf } from "@/components/explain/words";
import { Failure, Loading } from "@/components/states";
import { useClock } from "@/lib/moment";

export interface ExplainedSeries extends ChartSeries {
  clusterId?: string | undefined;
  clusterName?: string | undefined;
  /** Where it is not the one of the whole chart. */
  unit?: Unit | undefined;
  /** In what steps its values are told, where these are coarse. */
  grain?: number | undefined;
}

/** What a chart has to say of its window and of as long a time before. */
export interface Explained {
  series: readonly ExplainedSeries[];
  /** What lacks in it, and why. */
  notice?: ReactNode;
}

interface ExplanationProps {
  /** What the chart shows. */
  label: string;
  /** Of series that do not say their own. */
  unit?: Unit;
  window: Window;
  /** Reads the chart's series over `span`, which is the window and as long before. */
  read: (span: Window, signal: AbortSignal) => Promise<Explained>;
  /** What is asked besides the window: the same is read once. */
  asked: unknown;
  /** Where no series says which cluster it is of. */
  clusters?: readonly ExplainedCluster[];
  /** What is known to have happened in the window; it stands below what differs. */
  happened?: ReactNode;
}

/** Beside a chart: its explanation. Another one may come into it while it is open. */
export function ExplainDrawer({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  return (
    <Drawer title="Explain this window" label="Explanation" onClose={onClose}>
      {children}
    </Drawer>
  );
}

/** What differs in a chart's window from before, and what was wrong in its clusters then. */
export function Explanation({ label, unit = "none", window, read, asked, clusters = [], happened }: ExplanationProps) {
  const before = beforeOf(window);
  const { data, error, refetch } = useQuery({
    queryKey: ["explain", asked, window],
    queryFn: ({ signal }) => read({ start: before.start, end: window.end }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const all = useMemo(() => data && differencesOf(data.series, window), [data, window]);
  return (
    <div className="explain">
      <Spans label={label} window={window} />
      <ExplainPart title="What differs from before">
        {data !== undefined && all !== undefined ? (
          <>
            {data.notice}
            <Differing all={all} unitOf={({ index }) => data.series[index]?.unit ?? unit} />
          </>
        ) : error ? (
          <Failure error={error} what="The series" onRetry={() => void refetch()} />
        ) : (
          <Loading lines={5} label="Reading this window and as long before" />
        )}
      </ExplainPart>
      {happened}
      {data !== undefined && all !== undefined ? (
        <WhatWasWrong clusters={clustersOf(data.series, all, clusters)} window={window} />
      ) : null}
    </div>
  );
}

function Differing({ all, unitOf }: { all: Differences; unitOf: (of: Difference) => Unit }) {
  const clock = useClock();
  return (
    <>
      <p>{headlineOf(all)}</p>
      {all.found.length > 0 ? (
        <ol className="explain-found" aria-label="What differs, most first">
          {all.found.map((each) => (
            <li key={each.index}>
              <span className={`explain-mark ${lookOf(each)}`} aria-hidden="true" />
              <span>
                <strong className="explain-series">{each.name}</strong>{" "}
                <span className="numbers">{differenceInWords(each, unitOf(each), (at) => clock(at).slice(11))}</span>
              </span>
            </li>
          ))}
        </ol>
      ) : null}
      {caveatsOf(all).length > 0 ? <p className="hint">{caveatsOf(all).join(" ")}</p> : null}
    </>
  );
}

function lookOf(of: Difference): string {
  if (of.kind !== "moved") return of.kind === "appeared" ? "is-new" : "is-gone";
  return of.now > of.before ? "is-up" : "is-down";
}

/** Those of the series, the ones in which most differs first; of series without a cluster, the given ones. */
function clustersOf(series: readonly ExplainedSeries[], { found }: Differences, given: readonly ExplainedCluster[]): ExplainedCluster[] {
  const all = new Map<string, string>();
  for (const { clusterId, clusterName } of [...found.map(({ index }) => series[index]!), ...series]) {
    if (clusterId !== undefined && !all.has(clusterId)) all.set(clusterId, clusterName ?? clusterId.slice(0, 8));
  }
  return all.size === 0 ? [...given] : [...all].map(([id, name]) => ({ id, name }));
}
