import { Alert, Switch } from "@patternfly/react-core";
import { BellIcon } from "@patternfly/react-icons";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { DataTable, type Column } from "@/components/data-table";
import { Drawer, WithDrawer } from "@/components/drawer";
import { PartialNotice } from "@/components/partial-notice";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Ago, DataAge } from "@/components/timestamp";
import type { AlertsSearch } from "@/features/alerts/search";
import { EndSilence } from "@/features/alerts/silences/end-silence";
import { SilenceDrawer } from "@/features/alerts/silences/silence-drawer";
import { SilenceStateBadge, matchersOf } from "@/features/alerts/silences/silence-words";
import { useListSilences } from "@/generated/api";
import type { ClusterSilence } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";
import { useRights } from "@/lib/rights";

const MOST = 1_000;
const AGAIN_MS = 30_000;
const idOf = ({ id, cluster_id }: ClusterSilence) => `${cluster_id} ${id}`;
const fade = ({ state }: ClusterSilence) => (state === "EXPIRED" ? "is-muted" : undefined);

/** The silences of the clusters' Alertmanagers, as they say now. */
export function Silences() {
  const search = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const { as_of } = useAsOf();
  const { operates } = useRights();
  const [held, setHeld] = useState(false);
  const ended = search.ended === "true";
  const params = {
    ...(search.cluster_id ? { cluster_id: search.cluster_id } : {}),
    ...(ended ? { state: ["ACTIVE", "PENDING", "EXPIRED"] } : {}),
    limit: MOST,
  };
  const silences = useListSilences(params, {
    query: { placeholderData: keepPreviousData, refetchInterval: AGAIN_MS },
  });
  useRefreshOn({ types: ["ALERT_SILENCED", "ALERT_UNSILENCED"] }, ["/api/v1/silences"]);
  const { data, error } = silences;
  const { rows } = useHeld(data?.items ?? [], held, idOf, JSON.stringify(params), !silences.isPlaceholderData);
  const open = rows.find((silence) => idOf(silence) === search.silence);
  const close = () => setSearch({ silence: undefined });
  return (
    <>
      {as_of === undefined ? null : (
        <Alert isInline variant="info" title="These are the silences of now">
          Clusters keep no history of silences. Which alerts were silenced then is shown on the other tabs.
        </Alert>
      )}
      <div className="toolbar">
        <ClusterPicker
          chosen={search.cluster_id ?? []}
          onChange={(chosen) => setSearch({ cluster_id: chosen.length > 0 ? chosen : undefined })}
        />
        <Switch
          label="Also those that have ended"
          isChecked={ended}
          onChange={(_, on) => setSearch({ ended: on ? "true" : undefined })}
        />
        {data ? (
          <span className="toolbar-end">
            <span className="quiet">
              {plural(data.total, "silence")}
              {data.total > data.items.length ? `, the first ${data.items.length} shown` : ""} ·{" "}
              <DataAge at={silences.dataUpdatedAt} />
            </span>
          </span>
        ) : null}
      </div>
      {data ? (
        <PartialNotice
          queried={data.clusters_queried}
          answered={data.clusters_succeeded}
          missing={data.missing}
          warnings={data.warnings}
          onRetry={() => void silences.refetch()}
        />
      ) : null}
      {error && data ? <InlineFailure error={error} what="The silences could not be read again" /> : null}
      <WithDrawer
        drawer={
          open ? (
            <SilenceDrawer silence={open} onClose={close} />
          ) : search.silence !== undefined && data && !silences.isPlaceholderData ? (
            <Drawer title="Silence" label="Silence" onClose={close}>
              <p>It is not in this list: it has ended, its cluster does not answer, or the filters leave it out.</p>
            </Drawer>
          ) : null
        }
      >
        {error && !data ? (
          <Failure error={error} what="The silences" onRetry={() => void silences.refetch()} />
        ) : data === undefined ? (
          <Loading lines={6} label="Loading silences" />
        ) : rows.length === 0 && silences.isPlaceholderData ? (
          <Loading lines={6} label="Loading silences" />
        ) : rows.length === 0 ? (
          <Nothing
            title={`${ended ? "No silences" : "Nothing is silenced"}${data.missing.length > 0 ? " on the clusters that answered" : ""}`}
            icon={BellIcon}
            actions={<PageLink to="/alerts">See open alerts</PageLink>}
          >
            {operates() ? "To silence an alert, open it in the list and choose Silence." : "Operators may silence alerts."}
          </Nothing>
        ) : (
          <DataTable
            label="Silences"
            rows={rows}
            columns={operates() ? COLUMNS : READ_ONLY}
            idOf={idOf}
            onOpen={(silence) =>
              setSearch({ silence: idOf(silence) }, { replace: search.silence !== undefined })
            }
            openId={search.silence}
            onHeld={setHeld}
            rowClass={fade}
          />
        )}
      </WithDrawer>
    </>
  );
}

const COLUMNS: readonly Column<ClusterSilence>[] = [
  { id: "state", header: "State", width: "7rem", from: 30, cell: ({ state }) => <SilenceStateBadge state={state} /> },
  {
    id: "matchers",
    header: "Silences alerts with",
    width: "minmax(9rem, 3fr)",
    cell: (silence) => <span className="mono">{matchersOf(silence)}</span>,
  },
  { id: "cluster", header: "Cluster", width: "minmax(6rem, 1fr)", from: 30, cell: ({ cluster_name }) => cluster_name },
  { id: "comment", header: "Comment", width: "minmax(8rem, 2fr)", from: 75, cell: ({ comment }) => comment },
  { id: "by", header: "By", width: "minmax(5rem, 1fr)", from: 60, cell: ({ created_by }) => created_by },
  { id: "ends", header: "Ends", width: "6rem", cell: ({ ends_at }) => <Ago at={ends_at} /> },
  {
    id: "end",
    header: "Change",
    width: "11rem",
    from: 45,
    cell: (silence) => (silence.state === "EXPIRED" ? null : <EndSilence silence={silence} />),
  },
];
/** For those who may end none. */
const READ_ONLY = COLUMNS.filter(({ id }) => id !== "end");
