/** A clock's offset over the page's time range, with when it did not follow its source. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { Chart, type ChartSeries } from "@/components/chart/chart";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { At } from "@/components/timestamp";
import { bandsOf } from "@/features/cnf/clocks/bands";
import { CLOCKS, StateBadge } from "@/features/cnf/shared/states";
import { TOLD } from "@/features/cnf/shared/use-fresh";
import { getPtpHistory } from "@/generated/api";
import type { ClockChange, PtpHistory } from "@/generated/api.schemas";
import { resolveRange, useAsOf, useNow, useRange } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";
import { zoomedOut } from "@/lib/time";

const PATH = "/api/v1/cnf/ptp/history";
const BETWEEN_MS = 5_000;
const HEIGHT = 180;
const NS = 1e-9;
/** Changes that are listed; the newest. */
const MOST = 50;

export interface ClockOf {
  cluster_id: string;
  node_name: string;
  interface: string;
}

function useHistory(clock: ClockOf) {
  const range = useRange();
  const asOf = useAsOf();
  const now = useNow(60_000);
  useRefreshOn({ types: TOLD, cluster: clock.cluster_id, enabled: asOf.as_of === undefined }, [PATH], BETWEEN_MS);
  return useQuery({
    queryKey: [PATH, clock, range, asOf],
    queryFn: ({ signal }) => {
      const { start, end } = resolveRange(range, asOf.as_of === undefined ? Date.now() : now);
      const asked = { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
      return getPtpHistory({ ...clock, ...asked, ...asOf }, { signal });
    },
    placeholderData: keepPreviousData,
  });
}

export function ClockHistory({ clock }: { clock: ClockOf }) {
  const { data, error, refetch } = useHistory(clock);
  if (data) {
    return (
      <>
        {error ? <InlineFailure error={error} what="Its past could not be read again" /> : null}
        <OffsetChart history={data} />
        <Changes changes={data.changes} />
      </>
    );
  }
  return error ? <Failure error={error} what="Its past" onRetry={() => void refetch()} /> : <Loading lines={4} />;
}

function OffsetChart({ history }: { history: PtpHistory }) {
  const setSearch = useSetSearch();
  const range = useRange();
  const now = useNow(60_000);
  const series = useMemo(() => seriesOf(history), [history]);
  const bands = useMemo(() => bandsOf(history), [history]);
  if (series.length === 0 && bands.length === 0) {
    return <p className="quiet">No offset of it is known for this time.</p>;
  }
  return (
    <Chart
      label={`Offset of ${history.interface}`}
      series={series}
      range={{ start: Date.parse(history.from), end: Date.parse(history.to) }}
      unit="seconds"
      step={history.step_seconds * 1000}
      height={HEIGHT}
      annotations={bands}
      legend={series.length > 1 ? "table" : "none"}
      onZoom={(from, to) => setSearch({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
      onZoomBack={() => setSearch(zoomedOut(range, now))}
    />
  );
}

/** Of each step the offset that is farthest from zero. */
function seriesOf({ series, interface: name }: PtpHistory): ChartSeries[] {
  return series.map(({ process, points }) => ({
    name: process ?? name,
    points: [points.map(([at]) => at * 1000), points.map(([, ns]) => (ns === null ? Number.NaN : ns * NS))],
  }));
}

function Changes({ changes }: { changes: readonly ClockChange[] }) {
  if (changes.length === 0) return <p className="hint">Its state has not changed in this time.</p>;
  const newest = changes.toReversed().slice(0, MOST);
  return (
    <>
      <h4>Changes of its state</h4>
      <ol className="plain cnf-changes">
        {newest.map(({ at, old_state, new_state, reason }) => (
          <li key={`${at} ${new_state}`}>
            <At at={at} />
            <StateBadge look={CLOCKS[new_state]} />
            <span className="quiet">
              {old_state ? `was ${CLOCKS[old_state][0].toLowerCase()} · ` : ""}
              {reason}
            </span>
          </li>
        ))}
      </ol>
      {changes.length > MOST ? <p className="hint">The newest {MOST}; the rest is in its events.</p> : null}
    </>
  );
}
