import "@/features/incidents/incidents.css";

import { Tab, TabTitleText, Tabs } from "@patternfly/react-core";
import { useMemo, useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { DataTable } from "@/components/data-table";
import { LiveToggle } from "@/components/live-toggle";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { PAST_COLUMNS, UNSOLVED_COLUMNS } from "@/features/incidents/list/columns";
import { Chips, FilterBar } from "@/features/incidents/list/filters";
import { NoIncidents } from "@/features/incidents/list/no-incidents";
import { isPast, paramsOf, rowsOf, sortOf, useIncidentRows } from "@/features/incidents/list/rows";
import type { IncidentsSearch, Sort } from "@/features/incidents/search";
import { getListIncidentsUrl } from "@/generated/api";
import type { IncidentView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useAsOf } from "@/lib/moment";
import { useGo, useSearch, useSetSearch } from "@/lib/place";

const PANEL = "incidents-panel";
const idOf = ({ id }: IncidentView) => id;
/** By what the table calls its columns' sorts; each is had in one direction. */
const SORTS: Readonly<Record<string, Sort>> = {
  severity: "severity",
  opened_at: "-opened_at",
  last_signal_at: "-last_signal_at",
};

/** What belongs together of all that is wrong: the worst first. */
export function IncidentsPage() {
  const asOf = useAsOf();
  const search = useSearch<IncidentsSearch>();
  const setSearch = useSetSearch<IncidentsSearch>();
  const go = useGo();
  const [paused, setPaused] = useState(false);
  const [inList, setInList] = useState(false);
  const query = useIncidentRows(search);
  const all = useMemo(() => rowsOf(query.data), [query.data]);
  const params = { ...paramsOf(search), ...asOf };
  const { rows, waiting } = useHeld(all, paused || inList, idOf, JSON.stringify(params), !query.isPlaceholderData);
  const past = isPast(search);
  const counted = query.data?.pages[0];
  const sort = sortOf(search);
  return (
    <PageFrame
      title="Incidents"
      fills
      actions={
        <>
          <CopyMenu request={{ path: getListIncidentsUrl({ ...params, page_size: 100 }) }} />
          <LiveToggle paused={paused} waiting={waiting} onChange={setPaused} />
        </>
      }
    >
      <div className="incidents-head">
        <Tabs
          activeKey={past ? "past" : "open"}
          onSelect={(_, tab) => setSearch({ state: tab === "past" ? ["RESOLVED"] : undefined, sort: undefined })}
          aria-label="Incidents"
        >
          <Tab eventKey="open" tabContentId={PANEL} title={<TabTitleText>Open</TabTitleText>} />
          <Tab eventKey="past" tabContentId={PANEL} title={<TabTitleText>Resolved</TabTitleText>} />
        </Tabs>
        <div className="incidents-figures">
          <Chips counted={counted} />
        </div>
      </div>
      <div id={PANEL} role="tabpanel" aria-label={past ? "Resolved" : "Open"} className="incidents-panel">
        <div className="toolbar incidents-bar">
          <FilterBar />
          <span className="toolbar-end quiet numbers" aria-live="polite">
            {counted && counted.total > 0 ? plural(counted.total, "incident") : ""}
          </span>
        </div>
        {query.error && query.data ? <InlineFailure error={query.error} what="The list could not be read again" /> : null}
        {query.data === undefined ? (
          query.error ? (
            <Failure error={query.error} what="The incidents" onRetry={() => void query.refetch()} />
          ) : (
            <Loading lines={10} label="Loading incidents" />
          )
        ) : rows.length === 0 ? (
          query.isPlaceholderData ? (
            <Loading lines={10} label="Loading incidents" />
          ) : (
            <NoIncidents />
          )
        ) : (
          <div className="incidents-rows" aria-busy={query.isPlaceholderData}>
            <DataTable<IncidentView>
              key={past ? "past" : "open"}
              label={past ? "Resolved incidents" : "Open incidents"}
              rows={rows}
              total={counted?.total ?? rows.length}
              columns={past ? PAST_COLUMNS : UNSOLVED_COLUMNS}
              idOf={idOf}
              onOpen={({ id }) => go(`/incidents/${id}`)}
              sort={sort === "severity" ? "-severity" : sort}
              onSort={(by) => setSearch({ sort: SORTS[by.replace(/^-/, "")] })}
              onMore={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
              onHeld={setInList}
              rowClass={({ state }) => (!past && state === "RESOLVED" ? "is-muted" : undefined)}
            />
          </div>
        )}
      </div>
    </PageFrame>
  );
}
