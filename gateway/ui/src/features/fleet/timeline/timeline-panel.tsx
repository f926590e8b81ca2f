import "@/features/fleet/textures.css";
import "@/features/fleet/timeline/timeline.css";

import { Button } from "@patternfly/react-core";
import { SearchMinusIcon } from "@patternfly/react-icons";
import { lazy, Suspense, useMemo } from "react";

import { WithDrawer } from "@/components/drawer";
import { ExplainButton } from "@/components/explain/explain-button";
import { InlineFailure, Loading } from "@/components/states";
import type { Log } from "@/features/fleet/log";
import type { FleetSearch } from "@/features/fleet/search";
import { fill, total, type Bucket } from "@/features/fleet/timeline/buckets";
import { Timeline } from "@/features/fleet/timeline/timeline";
import { Severity } from "@/generated/api.schemas";
import { count, title } from "@/lib/format";
import { resolveRange, useAsOf, useClock, useNow, useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";
import { formatDuration } from "@/lib/time";

const ExplainAlerts = lazy(() => import("@/features/fleet/timeline/explain-alerts"));

const MINUTE = 60_000;

/** Alerts over the chosen range, as the log tells of them. */
export function TimelinePanel({ alerts }: { alerts: Log }) {
  const now = useNow(5_000);
  const { start, end } = resolveRange(useRange(), now);
  const { as_of } = useAsOf();
  const { explain } = useSearch<FleetSearch>();
  const setSearch = useSetSearch<FleetSearch & { from?: string; to?: string }>();
  const buckets = useMemo(() => alerts.items && fill(alerts.items, start, end), [alerts.items, start, end]);
  const iso = (at: number) => new Date(at).toISOString();
  const zoomOut = () => {
    const half = (end - start) / 2;
    if (end + half < now || as_of !== undefined) setSearch({ from: iso(start - half), to: iso(Math.min(end + half, now)) });
    else setSearch({ from: `now-${formatDuration(Math.ceil((4 * half) / MINUTE) * MINUTE)}`, to: "now" });
  };
  return (
    <WithDrawer
      isWhole
      drawer={
        explain ? (
          <Suspense fallback={null}>
            <ExplainAlerts alerts={alerts} onClose={() => setSearch({ explain: undefined })} />
          </Suspense>
        ) : null
      }
    >
      <section className="panel" aria-labelledby="fleet-alerts">
        <header className="fleet-panel-head">
          <h2 id="fleet-alerts">Alerts over time</h2>
          {buckets ? <Legend of={total(buckets)} /> : null}
          <div className="toolbar-end">
            <ExplainButton onExplain={() => setSearch({ explain: true })} />
            <Button variant="link" isInline icon={<SearchMinusIcon />} onClick={zoomOut}>
              Zoom out
            </Button>
          </div>
        </header>
        {alerts.error ? <InlineFailure error={alerts.error} what="The alerts of this time could not be read" /> : null}
        {buckets ? (
          <Timeline
            buckets={buckets}
            readFrom={alerts.more ? alerts.items?.at(-1)?.at : undefined}
            onChoose={(from, to) => setSearch({ from: iso(from), to: iso(Math.min(to, now)) })}
            onZoomOut={zoomOut}
          />
        ) : alerts.error ? null : (
          <Loading lines={4} label="Loading alerts over time" />
        )}
        <Source alerts={alerts} />
      </section>
    </WithDrawer>
  );
}

function Legend({ of }: { of: Bucket }) {
  return (
    <ul className="plain fleet-legend" aria-label="Alerts in this time">
      {Object.values(Severity).map((severity) => (
        <li key={severity} className={`is-${severity.toLowerCase()}`}>
          <span className="fleet-swatch" aria-hidden="true" />
          {title(severity)} fired <span className="numbers quiet">{count(of.fired[severity])}</span>
        </li>
      ))}
      <li className="is-resolved">
        <span className="fleet-swatch" aria-hidden="true" />
        Resolved <span className="numbers quiet">{count(of.resolved)}</span>
      </li>
    </ul>
  );
}

/** What the bars are made of, and where they end. */
function Source({ alerts }: { alerts: Log }) {
  const clock = useClock();
  const oldest = alerts.items?.at(-1);
  return (
    <p className="hint fleet-source">
      Counts of the log&apos;s events, at the time at which the hub heard of them; silenced alerts are among them.
      {alerts.more && oldest ? (
        <>
          {" "}
          The {count(alerts.items?.length ?? 0)} latest are read, back to {clock(oldest.at)}.{" "}
          <Button variant="link" isInline isDisabled={alerts.reading} onClick={alerts.readOlder}>
            {alerts.reading ? "Reading …" : "Read older ones"}
          </Button>
        </>
      ) : null}
    </p>
  );
}
