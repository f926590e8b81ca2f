import "@/components/explain/explain.css";

import { useQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";

import type { ChartSeries } from "@/components/chart/chart";
import type { Unit } from "@/components/chart/units";
import { Drawer } from "@/components/drawer";
import { beforeOf, differencesOf, type Difference, type Differences, type Window } from "@/components/explain/differences";
import { WhatWasWrong, type ExplainedCluster } from "@/components/explain/what-was-wrong";
import { caveatsOf, differenceInWords, headlineOf } from "@/components/explain/words";
import { Failure, Loading } from "@/components/states";
import { useClock } from "@/lib/moment";
import { lasting } from "@/lib/time";

export interface ExplainedSeries extends ChartSeries {
  clusterId?: string | undefined;
  clusterName?: string | undefined;
}

/** What a chart has to say of its window and of as long a time before. */
export interface Explained {
  series: readonly ExplainedSeries[];
  /** What lacks in it, and why. */
  notice?: ReactNode;
}

interface ExplainDrawerProps {
  /** What the chart shows. */
  label: string;
  unit: Unit;
  window: Window;
  /** Reads the chart's series over `span`, which is the window and as long before. */
  read: (span: Window, signal: AbortSignal) => Promise<Explained>;
  /** What is asked besides the window: the same is read once. */
  asked: unknown;
  /** Where no series says which cluster it is of. */
  clusters?: readonly ExplainedCluster[];
  onClose: () => void;
}

/** Beside a chart: what differs in its window from before, and what was wrong in its clusters then. */
export function ExplainDrawer({ label, unit, window, read, asked, clusters = [], onClose }: ExplainDrawerProps) {
  const before = beforeOf(window);
  const { data, error, refetch } = useQuery({
    queryKey: ["explain", asked, window],
    queryFn: ({ signal }) => read({ start: before.start, end: window.end }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const all = useMemo(() => data && differencesOf(data.series, window), [data, window]);
  return (
    <Drawer title="Explain this window" label="Explanation" onClose={onClose}>
      <div className="explain">
        <Spans label={label} window={window} />
        <section className="explain-part" aria-label="What differs from before">
          <h3>What differs from before</h3>
          {data !== undefined && all !== undefined ? (
            <>
              {data.notice}
              <Differing all={all} unit={unit} />
            </>
          ) : error ? (
            <Failure error={error} what="The series" onRetry={() => void refetch()} />
          ) : (
            <Loading lines={5} label="Reading this window and as long before" />
          )}
        </section>
        {data !== undefined && all !== undefined ? (
          <WhatWasWrong clusters={clustersOf(data.series, all, clusters)} window={window} />
        ) : null}
      </div>
    </Drawer>
  );
}

function Spans({ label, window }: { label: string; window: Window }) {
  const clock = useClock();
  const sameDay = clock(window.start).slice(0, 10) === clock(window.end).slice(0, 10);
  return (
    <div>
      <p className="mono explain-label">{label}</p>
      <p className="quiet numbers">
        {clock(window.start)} – {sameDay ? clock(window.end).slice(11) : clock(window.end)}, beside the {lasting(window.end - window.start)} before
      </p>
    </div>
  );
}

function Differing({ all, unit }: { all: Differences; unit: Unit }) {
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
                <span className="numbers">{differenceInWords(each, unit, (at) => clock(at).slice(11))}</span>
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
