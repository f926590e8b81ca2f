import { Tab, TabTitleText, Tabs } from "@patternfly/react-core";
import { useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { WithDrawer } from "@/components/drawer";
import { LiveToggle } from "@/components/live-toggle";
import { PageFrame } from "@/components/page-frame";
import { DataAge } from "@/components/timestamp";
import { AlertDrawer } from "@/features/alerts/detail/alert-drawer";
import { asked as askedFor, atTime } from "@/features/alerts/filters/asked";
import { Chosen } from "@/features/alerts/filters/chosen";
import { Facets } from "@/features/alerts/filters/facets";
import { FilterBar } from "@/features/alerts/filters/filter-bar";
import { SeverityChips } from "@/features/alerts/filters/severity-chips";
import { useFacets } from "@/features/alerts/filters/use-facets";
import { useWide } from "@/features/alerts/filters/use-wide";
import { AlertGroups } from "@/features/alerts/groups/alert-groups";
import { AlertList } from "@/features/alerts/list/alert-list";
import { PAGE, useAlertRows } from "@/features/alerts/list/use-alert-rows";
import type { AlertsSearch, Tab as TabName } from "@/features/alerts/search";
import { Silences } from "@/features/alerts/silences/silences";
import { getListAlertsUrl } from "@/generated/api";
import { count } from "@/lib/format";
import { useLiveState } from "@/lib/live";
import { useAsOf, useNow, useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

import "@/features/alerts/alerts.css";

const PANEL = "alerts-panel";
const TITLES = { open: "Open", history: "History", silences: "Silences" } as const;

/** What fires, what did, and what is silenced. */
export function AlertsPage() {
  const search = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const asOf = useAsOf();
  const range = useRange();
  const [paused, setPaused] = useState(false);
  const [reading, setReading] = useState<string>();
  const wide = useWide();
  // Undefined: as there is room.
  const [panelWanted, setPanelWanted] = useState<boolean>();
  const panelOpen = panelWanted ?? wide;

  const asked = askedFor(search, range, asOf);
  const place = JSON.stringify({ ...asked, params: { ...asked.params, as_of: null } });
  const listed = search.tab !== "silences";
  const live = asOf.as_of === undefined && listed;
  const held = live && (paused || reading === place);
  const list = useAlertRows(asked, { held, live, enabled: listed });
  const facets = useFacets(asked, { live, enabled: listed });

  return (
    <PageFrame
      title="Alerts"
      fills
      actions={
        listed ? (
          <>
            <CopyRequest asked={asked} />
            <LiveToggle paused={paused} waiting={list.waiting} most={PAGE} onChange={setPaused} />
          </>
        ) : undefined
      }
    >
      <div className="alerts-head">
        <Tabs
          activeKey={search.tab ?? "open"}
          onSelect={(_, tab) =>
            setSearch({ tab: tab === "open" ? undefined : (tab as TabName), alert: undefined, group: undefined })
          }
          aria-label="Alerts"
        >
          <Tab eventKey="open" tabContentId={PANEL} title={<TabTitleText>{TITLES.open}</TabTitleText>} />
          <Tab eventKey="history" tabContentId={PANEL} title={<TabTitleText>{TITLES.history}</TabTitleText>} />
          <Tab eventKey="silences" tabContentId={PANEL} title={<TabTitleText>{TITLES.silences}</TabTitleText>} />
        </Tabs>
        {listed ? (
          <div className="alerts-figures">
            <SeverityChips page={list.first.data} facets={facets.data} />
            <Total list={list} live={live} />
          </div>
        ) : null}
      </div>
      <div id={PANEL} role="tabpanel" aria-label={TITLES[search.tab ?? "open"]} className="alerts-panel">
        {listed ? (
          <>
            <FilterBar wide={wide} panelOpen={panelOpen} onPanel={() => setPanelWanted(!panelOpen)} />
            <Chosen />
            <WithDrawer
              drawer={
                search.alert === undefined ? null : (
                  <AlertDrawer
                    key={search.alert}
                    id={search.alert}
                    known={list.rows.find(({ id }) => id === search.alert)}
                  />
                )
              }
            >
              <div className={search.alert === undefined ? "alerts-body" : "alerts-body is-beside"}>
                {panelOpen ? (
                  <Facets
                    facets={facets.data}
                    error={facets.error}
                    wide={wide}
                    onClose={() => setPanelWanted(false)}
                  />
                ) : null}
                {search.group === undefined ? (
                  <AlertList
                    list={list}
                    place={place}
                    onHeld={(now) => setReading(now ? place : undefined)}
                    onRelease={() => {
                      setReading(undefined);
                      setPaused(false);
                    }}
                  />
                ) : (
                  <AlertGroups asked={asked} by={search.group} live={live && !paused} />
                )}
              </div>
            </WithDrawer>
          </>
        ) : (
          <Silences />
        )}
      </div>
    </PageFrame>
  );
}

/** How many there are in all; how old that is only where the stream should keep it fresh and does not. */
function Total({ list, live }: { list: ReturnType<typeof useAlertRows>; live: boolean }) {
  const { data, dataUpdatedAt } = list.first;
  const followed = useLiveState(({ connection }) => connection === "live") || !live;
  if (data === undefined) return null;
  const more = data.total_at_least ? " or more" : "";
  const amount = `${count(data.total)}${more} ${data.total === 1 ? "alert" : "alerts"}`;
  return (
    <span className="quiet">
      <span className="numbers">{amount}</span>
      {followed ? null : (
        <>
          {" "}
          · <DataAge at={dataUpdatedAt} />
        </>
      )}
    </span>
  );
}

function CopyRequest({ asked }: { asked: ReturnType<typeof askedFor> }) {
  const now = useNow(60_000);
  return <CopyMenu request={{ path: getListAlertsUrl({ ...atTime(asked, now), page_size: 100 }) }} />;
}
