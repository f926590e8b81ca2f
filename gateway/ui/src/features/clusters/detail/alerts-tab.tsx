import { keepPreviousData } from "@tanstack/react-query";
import { CheckCircleIcon } from "@patternfly/react-icons";

import { AlertStateBadge, SeverityBadge } from "@/components/badges";
import type { Column } from "@/components/data-table";
import { Failure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { HeldTable } from "@/features/clusters/detail/held-table";
import { useListAlerts } from "@/generated/api";
import type { AlertView, ClusterView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, useGo } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";

const SHOWN = 100;

const COLUMNS: Column<AlertView>[] = [
  { id: "severity", header: "Severity", width: "5.5rem", cell: ({ severity }) => <SeverityBadge severity={severity} /> },
  {
    id: "name",
    header: "Alert",
    width: "minmax(7rem, 2fr)",
    cell: ({ id, cluster_id, alertname, annotations }) => (
      <span title={annotations["summary"]}>
        <PageLink to="/alerts" search={{ cluster_id: [cluster_id], alert: id }}>
          {alertname}
        </PageLink>
        {annotations["summary"] ? <span className="quiet"> {annotations["summary"]}</span> : null}
      </span>
    ),
  },
  {
    id: "where",
    header: "Where",
    width: "minmax(8rem, 1fr)",
    from: 45,
    cell: ({ labels }) => <span className="quiet">{whereOf(labels)}</span>,
  },
  {
    id: "state",
    header: "State",
    width: "7rem",
    from: 30,
    cell: ({ state, silenced, inhibited }) => (
      <AlertStateBadge state={state} silenced={silenced} inhibited={inhibited} />
    ),
  },
  { id: "since", header: "Since", width: "6rem", cell: ({ starts_at }) => <Ago at={starts_at} /> },
];

const whereOf = (labels: Readonly<Record<string, string>>): string =>
  [labels["namespace"], labels["pod"] ?? labels["node"] ?? labels["instance"]].filter(Boolean).join(" / ") || "–";

/** What is pending or firing on this cluster. */
export function AlertsTab({ cluster }: { cluster: ClusterView }) {
  const asOf = useAsOf();
  const go = useGo();
  const query = useListAlerts(
    { cluster_id: [cluster.id], page_size: SHOWN, ...asOf },
    { query: { placeholderData: keepPreviousData } },
  );
  useRefreshOn(
    {
      cluster: cluster.id,
      enabled: asOf.as_of === undefined,
      types: ["ALERT_FIRED", "ALERT_PENDING", "ALERT_PENDING_ENDED", "ALERT_RESOLVED", "ALERT_SILENCED", "ALERT_UNSILENCED"],
    },
    ["/api/v1/alerts"],
  );
  if (query.data === undefined) {
    return query.error ? (
      <Failure error={query.error} what="The alerts" onRetry={() => void query.refetch()} />
    ) : (
      <Loading />
    );
  }
  const { items, total } = query.data;
  if (total === 0) {
    return (
      <Nothing
        title="Nothing fires"
        icon={CheckCircleIcon}
        actions={
          <PageLink to="/alerts" search={{ cluster_id: [cluster.id], tab: "history" }}>
            See what fired before
          </PageLink>
        }
      >
        No alert of {cluster.name} is pending or firing.
      </Nothing>
    );
  }
  return (
    <>
      <p className="clusters-line">
        <span className="numbers">
          {plural(total, "alert")} {items.length < total ? `(the first ${items.length} are shown)` : ""}
        </span>
        <PageLink to="/alerts" search={{ cluster_id: [cluster.id] }}>
          Filter, group and silence them
        </PageLink>
      </p>
      <HeldTable
        label={`Alerts of ${cluster.name}`}
        rows={items}
        total={total}
        columns={COLUMNS}
        idOf={({ id }) => id}
        onOpen={({ id }) => go("/alerts", { cluster_id: [cluster.id], alert: id })}
      />
    </>
  );
}
