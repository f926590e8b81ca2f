import { Button } from "@patternfly/react-core";
import { CheckCircleIcon, SearchIcon } from "@patternfly/react-icons";

import { useClusters } from "@/components/cluster-picker";
import { Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { CLEARED, isFiltered } from "@/features/alerts/filters/asked";
import type { AlertsSearch } from "@/features/alerts/search";
import { useListAlertHistory } from "@/generated/api";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";

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
  const clusters = useClusters();
  const { data } = useListAlertHistory({ page_size: 1, ...asOf });
  const last = data?.items[0];
  const silent = [...clusters.values()].filter(({ state }) => state === "OFFLINE" || state === "UNKNOWN").length;
  if (clusters.size === 0) {
    return (
      <Nothing title="No cluster tells its alerts" actions={<PageLink to="/clusters/add">Add a cluster</PageLink>}>
        Alerts are shown here as soon as a cluster sends them.
      </Nothing>
    );
  }
  return (
    <Nothing
      title="Nothing fires"
      icon={CheckCircleIcon}
      actions={<PageLink to="/alerts" search={{ tab: "history" }}>See past alerts</PageLink>}
    >
      {last ? (
        <>
          The latest alert, {last.alertname} on {last.cluster_name ?? "a cluster that is gone"}, ended{" "}
          <Ago at={last.ends_at} />.
        </>
      ) : (
        "No alert is known of before, either."
      )}
      {silent > 0 ? (
        <p>
          <strong>{plural(silent, "cluster")} cannot be reached</strong>: of {silent === 1 ? "it" : "them"} nothing
          is known. <PageLink to="/clusters" search={{ state: ["OFFLINE", "UNKNOWN"] }}>See which</PageLink>
        </p>
      ) : null}
    </Nothing>
  );
}
