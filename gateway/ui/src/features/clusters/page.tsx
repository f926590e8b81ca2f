import "@/features/clusters/clusters.css";

import { Button } from "@patternfly/react-core";
import { ServerIcon } from "@patternfly/react-icons";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { DataTable } from "@/components/data-table";
import { WithDrawer } from "@/components/drawer";
import { LiveToggle } from "@/components/live-toggle";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { ClusterDrawer } from "@/features/clusters/list/cluster-drawer";
import { alertCounts, columnsOf, FACETS_SHOWN, type AlertCounts } from "@/features/clusters/list/columns";
import { chipsOf, FilterChips, Filters, NO_FILTERS } from "@/features/clusters/list/filters";
import { useHeldRows } from "@/features/clusters/list/held-rows";
import { paramsOf, rowsOf, useClusterRows } from "@/features/clusters/list/rows";
import type { ClustersSearch } from "@/features/clusters/search";
import { LinkButton } from "@/components/link-button";
import { getListClustersUrl, useGetAlertFacets, useGetFleetSummary } from "@/generated/api";
import type { ClusterView, FleetSummary } from "@/generated/api.schemas";
import { plural, words } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { useGo, useSearch, useSetSearch } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";
import { useRights } from "@/lib/rights";

const KEPT = { query: { placeholderData: keepPreviousData } };
const WORST_FIRST = ["OFFLINE", "DEGRADED", "UNKNOWN", "PROVISIONING", "ONLINE"];

/** Every cluster of the fleet: to find one, and to see which are not well. */
export function ClustersPage() {
  const asOf = useAsOf();
  // What was cannot be changed.
  const adds = useRights().rules && asOf.as_of === undefined;
  const { data: summary } = useGetFleetSummary(asOf, KEPT);
  const { data: facets } = useGetAlertFacets({ top: FACETS_SHOWN, ...asOf }, KEPT);
  const go = useGo();
  usePageActions(adds ? [{ name: "new", title: "Add a cluster", words: ["register"], run: () => go("/clusters/add") }] : []);
  useRefreshOn({ enabled: asOf.as_of === undefined }, ["/api/v1/fleet/summary", "/api/v1/alerts/facets"], 2_000);
  return (
    <PageFrame
      title="Clusters"
      subtitle={summary ? inWords(summary) : undefined}
      fills
      actions={adds ? <LinkButton to="/clusters/add">Add a cluster</LinkButton> : undefined}
    >
      <List summary={summary} alerts={useMemo(() => facets && alertCounts(facets), [facets])} />
    </PageFrame>
  );
}

/** `12 clusters: 1 offline, 11 online`. */
function inWords({ total, by_state }: FleetSummary): string {
  const each = WORST_FIRST.flatMap((state) =>
    by_state[state] ? [`${by_state[state]} ${words(state)}`] : [],
  );
  return [plural(total, "cluster"), each.join(", ")].filter(Boolean).join(": ");
}

interface ListProps {
  summary: FleetSummary | undefined;
  alerts: AlertCounts | undefined;
}

function List({ summary, alerts }: ListProps) {
  const asOf = useAsOf();
  const search = useSearch<ClustersSearch>();
  const setSearch = useSetSearch<ClustersSearch>();
  const query = useClusterRows(search);
  const all = useMemo(() => rowsOf(query.data), [query.data]);
  const params = { ...paramsOf(search), ...asOf };
  const { rows, waiting, paused, setPaused, onHeld } = useHeldRows(
    all,
    JSON.stringify(params),
    !query.isPlaceholderData,
  );
  const columns = useMemo(() => columnsOf(alerts), [alerts]);
  const total = query.data?.pages.at(-1)?.total ?? 0;
  const drawer = search.open ? (
    <ClusterDrawer
      key={search.open}
      id={search.open}
      known={rows.find(({ id }) => id === search.open)}
      onClose={() => setSearch({ open: undefined })}
    />
  ) : null;
  return (
    <>
      <div className="toolbar">
        <Filters summary={summary} />
        <div className="toolbar-end">
          <span className="quiet numbers" aria-live="polite">
            {total > 0 && chipsOf(search).length > 0 ? `${plural(total, "cluster")} match` : ""}
          </span>
          <LiveToggle paused={paused} waiting={waiting} onChange={setPaused} />
          <CopyMenu request={{ path: getListClustersUrl({ ...params, page_size: 100 }) }} />
        </div>
      </div>
      <FilterChips />
      {query.error && query.data ? (
        <InlineFailure error={query.error} what="The list could not be read again" />
      ) : null}
      <WithDrawer drawer={drawer}>
        {query.data === undefined ? (
          query.error ? (
            <Failure error={query.error} what="The clusters" onRetry={() => void query.refetch()} />
          ) : (
            <Loading lines={12} label="Loading the clusters" />
          )
        ) : rows.length === 0 ? (
          <NoClusters />
        ) : (
          <DataTable<ClusterView>
            label="Clusters"
            rows={rows}
            total={total}
            columns={columns}
            idOf={({ id }) => id}
            openId={search.open}
            onOpen={({ id }) => setSearch({ open: id }, { replace: search.open !== undefined })}
            sort={search.sort ?? "name"}
            onSort={(sort) => setSearch({ sort: sort as NonNullable<ClustersSearch["sort"]> })}
            onMore={
              query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined
            }
            onHeld={onHeld}
          />
        )}
      </WithDrawer>
    </>
  );
}

function NoClusters() {
  const search = useSearch<ClustersSearch>();
  const setSearch = useSetSearch<ClustersSearch>();
  const { as_of } = useAsOf();
  const { rules } = useRights();
  if (chipsOf(search).length > 0) {
    return (
      <Nothing
        title="No cluster matches"
        actions={
          <Button variant="link" onClick={() => setSearch(NO_FILTERS)}>
            Clear all filters
          </Button>
        }
      >
        No registered cluster has all of what the filters ask for.
      </Nothing>
    );
  }
  if (as_of !== undefined) {
    return <Nothing title="No clusters then">At that instant no cluster was registered.</Nothing>;
  }
  if (!rules) {
    return (
      <Nothing title="No clusters yet" icon={ServerIcon}>
        None is registered, or none is yours. An administrator can change that.
      </Nothing>
    );
  }
  return (
    <Nothing
      title="No clusters yet"
      icon={ServerIcon}
      actions={<LinkButton to="/clusters/add">Add a cluster</LinkButton>}
    >
      Register the first one: with its kubeconfig it takes a minute.
    </Nothing>
  );
}
