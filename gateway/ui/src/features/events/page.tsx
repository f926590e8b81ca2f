import "@/features/events/events.css";

import { Button } from "@patternfly/react-core";
import { Suspense, useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { CopyMenu } from "@/components/copy-menu";
import { DataTable } from "@/components/data-table";
import { WithDrawer } from "@/components/drawer";
import { lazily, useComingSoon } from "@/components/lazily";
import { LiveToggle } from "@/components/live-toggle";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { getListEventsUrl } from "@/generated/api";
import { capitalised, count } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useAsOf, useClock, useNow, useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";
import { describeRange } from "@/lib/time";

import { ActiveFilters, NO_FILTER } from "@/features/events/active-filters";
import { AboutFilter } from "@/features/events/about-filter";
import { COLUMNS } from "@/features/events/columns";
import type { LogEvent } from "@/features/events/event";
import { ExportMenu } from "@/features/events/export-menu";
import type { EventsSearch } from "@/features/events/search";
import { MOST } from "@/features/events/tail";
import { Telemetry, TelemetrySwitch } from "@/features/events/telemetry";
import { TypeFilter } from "@/features/events/type-filter";
import { useFilter } from "@/features/events/use-filter";
import { asked, useLog } from "@/features/events/use-log";

const DRAWER = lazily(() => import("@/features/events/event-drawer"), "EventDrawer");
const SOON = [DRAWER];
const EventDrawer = DRAWER.Part;

const idOf = ({ sequence }: LogEvent) => String(sequence);

/** The log of all that has happened: what comes live on top, history below it. */
export function EventsPage() {
  const search = useSearch<EventsSearch>();
  const setSearch = useSetSearch<EventsSearch>();
  const filter = useFilter(search);
  useComingSoon(SOON);
  const log = useLog(filter);
  const [paused, setPaused] = useState(false);
  const [pointed, setPointed] = useState(false);
  const range = useRange();
  const isHeld = log.isLive && (paused || pointed);
  const { rows, waiting } = useHeld(log.events, isHeld, idOf, JSON.stringify([filter, range]), !log.isStale);
  const asOf = useAsOf();
  const now = useNow(30_000);
  const checks = search.telemetry === true && asOf.as_of === undefined;
  return (
    <PageFrame
      title="Events"
      fills
      subtitle={<Subtitle shown={rows.length} hasMore={log.hasMore} isLoading={log.isLoading} isUnknown={log.error !== null && rows.length === 0} />}
      actions={
        <>
          {log.isLive ? <LiveToggle paused={paused} waiting={waiting} onChange={setPaused} /> : null}
          <ExportMenu filter={filter} />
          <CopyMenu request={{ path: getListEventsUrl({ ...asked(filter, range, asOf, now), order: "desc" }) }} />
        </>
      }
    >
      <div className="toolbar" role="search" aria-label="Filter the events" data-filter>
        <TypeFilter
          chosen={filter.event_type ?? []}
          onChange={(event_type) => setSearch({ event_type: event_type.length > 0 ? event_type : undefined })}
        />
        <ClusterPicker
          chosen={filter.cluster_id ? [filter.cluster_id] : []}
          onChange={(chosen) => setSearch({ cluster_id: chosen.at(-1) })}
        />
        <AboutFilter filter={filter} onChange={setSearch} />
        <div className="toolbar-end">
          <TelemetrySwitch on={checks} onChange={(on) => setSearch({ telemetry: on || undefined })} />
        </div>
      </div>
      <ActiveFilters filter={filter} onChange={setSearch} />
      {log.error && rows.length > 0 ? <InlineFailure error={log.error} what="Older events could not be loaded" /> : null}
      <WithDrawer
        drawer={
          search.event === undefined ? null : (
            <Suspense fallback={null}>
              <EventDrawer
                sequence={search.event}
                known={rows.find(({ sequence }) => sequence === search.event)}
                onClose={() => setSearch({ event: undefined })}
              />
            </Suspense>
          )
        }
      >
        <div className={search.event === undefined ? "events-list" : "events-list is-beside"}>
          {rows.length > 0 ? (
            <DataTable
              label="Events, newest first"
              rows={rows}
              columns={COLUMNS}
              idOf={idOf}
              onOpen={({ sequence }) =>
                setSearch({ event: sequence ?? undefined }, { replace: search.event !== undefined })
              }
              openId={search.event === undefined ? undefined : String(search.event)}
              onMore={log.more}
              onHeld={setPointed}
            />
          ) : log.error ? (
            <Failure error={log.error} what="The log" onRetry={log.retry} />
          ) : log.isLoading ? (
            <Loading />
          ) : (
            <NoEvents isFiltered={Object.values(filter).some((value) => value !== undefined)} isLive={log.isLive} />
          )}
        </div>
        {checks ? <Telemetry cluster={filter.cluster_id} paused={paused} /> : null}
      </WithDrawer>
    </PageFrame>
  );
}

interface Shown {
  shown: number;
  hasMore: boolean;
  isLoading: boolean;
  /** Nothing could be read, which is not nothing. */
  isUnknown: boolean;
}

function Subtitle({ shown, hasMore, isLoading, isUnknown }: Shown) {
  const range = useRange();
  const { as_of } = useAsOf();
  const now = useNow(30_000);
  const clock = useClock();
  if (isLoading) return <>Reading the log</>;
  const when = describeRange(range, clock, now).toLowerCase();
  if (isUnknown) return <>{capitalised(when)}</>;
  const many =
    shown >= MOST ? `The newest ${count(shown)} events` : `${count(shown)}${hasMore ? "+" : ""} ${shown === 1 ? "event" : "events"}`;
  return (
    <span className="numbers">
      {many}, {when}
      {as_of ? ` before ${clock(as_of)}` : ""}
      {shown >= MOST ? ": narrow the filters or export to see more" : ""}
    </span>
  );
}

function NoEvents({ isFiltered, isLive }: { isFiltered: boolean; isLive: boolean }) {
  const setSearch = useSetSearch<EventsSearch>();
  return (
    <Nothing
      title={isFiltered ? "No event passes the filters" : "Nothing has happened in this time"}
      actions={
        <>
          {isFiltered ? (
            <Button variant="primary" onClick={() => setSearch(NO_FILTER)}>
              Clear all filters
            </Button>
          ) : null}
          <Button variant="secondary" onClick={() => setSearch({ from: "now-30d", to: undefined })}>
            Look at the last 30 days
          </Button>
        </>
      }
    >
      {isLive ? "New events appear here by themselves." : "Choose another time range above."}
    </Nothing>
  );
}
