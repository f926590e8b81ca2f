/** The alerts over time explained: what fired in the shown window, and what was wrong in its clusters then. */

import { useMemo } from "react";

import { SeverityBadge } from "@/components/badges";
import { ExplainDrawer } from "@/components/explain/explain-drawer";
import { ExplainPart } from "@/components/explain/explain-part";
import { Spans } from "@/components/explain/spans";
import { useStillWindow } from "@/components/explain/use-still-window";
import { WhatWasWrong } from "@/components/explain/what-was-wrong";
import { InlineFailure, Loading } from "@/components/states";
import type { Log } from "@/features/fleet/log";
import { firedIn, type FiredAlert } from "@/features/fleet/timeline/fired";
import { plural } from "@/lib/format";
import { useAsOf, useClock, useRange } from "@/lib/moment";
import { PageLink } from "@/lib/place";

const MOST_TOLD = 8;

export default function ExplainAlerts({ alerts, onClose }: { alerts: Log; onClose: () => void }) {
  const { as_of } = useAsOf();
  const { from, to } = useRange();
  // Another window by zooming is another explanation.
  return (
    <ExplainDrawer onClose={onClose}>
      <OfWindow key={JSON.stringify([from, to, as_of])} alerts={alerts} />
    </ExplainDrawer>
  );
}

function OfWindow({ alerts: { items, more, error } }: { alerts: Log }) {
  const window = useStillWindow();
  const clock = useClock();
  const fired = useMemo(() => items && firedIn(items, window), [items, window]);
  const readFrom = items?.at(-1)?.at;
  const time = { from: new Date(window.start).toISOString(), to: new Date(window.end).toISOString() };
  return (
    <div className="explain">
      <Spans label="Alerts of the fleet" window={window} isAlone />
      <ExplainPart title="What fired then">
        {fired !== undefined ? (
          <WhatFired alerts={fired.alerts} time={time} />
        ) : error ? (
          <InlineFailure error={error} what="The alerts of this time could not be read" />
        ) : (
          <Loading lines={4} label="Loading the alerts of this time" />
        )}
        {more && readFrom !== undefined && readFrom > window.start ? (
          <p className="hint">Alerts from before {clock(readFrom)} have not been read and are not counted.</p>
        ) : null}
      </ExplainPart>
      {fired !== undefined && fired.clusters.length > 0 ? <WhatWasWrong clusters={fired.clusters} window={window} /> : null}
    </div>
  );
}

function WhatFired({ alerts, time }: { alerts: readonly FiredAlert[]; time: { from: string; to: string } }) {
  if (alerts.length === 0) return <p>No alert fired in this time.</p>;
  return (
    <>
      <ol className="explain-happened" aria-label="Alerts, the worst first">
        {alerts.slice(0, MOST_TOLD).map(({ name, severity, times, clusters }) => (
          <li key={name}>
            <SeverityBadge severity={severity} />
            <span>
              <PageLink to="/alerts" search={{ tab: "history", alertname: [name], ...time }}>
                {name}
              </PageLink>{" "}
              <span className="quiet numbers">
                {times === 1 ? "once" : plural(times, "time")}
                {clusters === 0 ? "" : `, in ${plural(clusters, "cluster")}`}
              </span>
            </span>
          </li>
        ))}
      </ol>
      {alerts.length > MOST_TOLD ? <p className="hint">and {plural(alerts.length - MOST_TOLD, "other alert")}</p> : null}
    </>
  );
}
