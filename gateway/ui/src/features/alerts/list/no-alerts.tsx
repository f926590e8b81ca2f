import { Button } from "@patternfly/react-core";
import { CheckCircleIcon, ExclamationTriangleIcon, SearchIcon } from "@patternfly/react-icons";

import { Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { CLEARED, isFiltered } from "@/features/alerts/filters/asked";
import type { AlertsSearch } from "@/features/alerts/search";
import { useGetFleetHealth, useListAlertHistory } from "@/generated/api";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";
import { useRights } from "@/lib/rights";

/** Why the list is empty: good news, filters that leave nothing, or nobody who could tell. */
export function NoAlerts() {
  const search = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const past = search.tab === "history";
  if (isFiltered(search)) {
    return (
      <Nothing
        title={past ? "No past alert matches" : "No alert matches"}
        icon={SearchIcon}
        actions={
          <Button variant="primary" onClick={() => setSearch({ ...CLEARED, alert: undefined })}>
            Clear all filters
          </Button>
        }
      >
        There may be others: the filters above leave none.
      </Nothing>
    );
  }
  if (past) {
    return (
      <Nothing title="No alert in this time range">
        None that has ended began then. Choose a longer range above to look further back.
      </Nothing>
    );
  }
  return <NothingFires />;
}

function NothingFires() {
  const asOf = useAsOf();
  const { rules } = useRights();
  const fleet = useGetFleetHealth(asOf, { query: { staleTime: 30_000 } });
  const { data: past } = useListAlertHistory({ page_size: 1, ...asOf });
  const last = past?.items[0];
  if (fleet.isPending) return <Loading label="Loading alerts" />;
  const silent = fleet.data?.items.filter(({ state }) => state === "OFFLINE" || state === "UNKNOWN").length ?? 0;
  if (fleet.data?.items.length === 0) {
    return (
      <Nothing title="No cluster tells its alerts" actions={rules ? <PageLink to="/clusters/add">Add a cluster</PageLink> : undefined}>
        Alerts are shown here as soon as a cluster sends them.
      </Nothing>
    );
  }
  return (
    <Nothing
      title={silent > 0 ? `Nothing fires, but ${plural(silent, "cluster")} cannot be reached` : "Nothing fires"}
      icon={silent > 0 ? ExclamationTriangleIcon : CheckCircleIcon}
      actions={<PageLink to="/alerts" search={{ tab: "history" }}>See past alerts</PageLink>}
    >
      {last ? (
        <>
          The latest alert, {last.alertname} on {last.cluster_name ?? "a cluster that is gone"}, ended{" "}
          <Ago at={last.ends_at} />.
        </>
      ) : past ? (
        "No alert is known of before, either."
      ) : null}
      {fleet.error ? <p>Whether every cluster can be reached could not be read: {fleet.error.message}</p> : null}
      {silent > 0 ? (
        <p>
          Of {silent === 1 ? "it" : "them"} nothing is known. <PageLink to="/clusters" search={{ state: ["OFFLINE", "UNKNOWN"] }}>See which</PageLink>
        </p>
      ) : null}
    </Nothing>
  );
}
