/** The columns of the list of clusters. */

import { ClusterStateBadge } from "@/components/badges";
import type { Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import { Abilities } from "@/features/clusters/shared/abilities";
import { HealthScore } from "@/features/clusters/shared/health-score";
import { ENVIRONMENTS, TYPES } from "@/features/clusters/shared/types";
import type { AlertFacets, ClusterView } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { PageLink } from "@/lib/place";

/** How many alerts are pending or firing, by cluster. */
export interface AlertCounts {
  of: ReadonlyMap<string, number>;
  /** A cluster that is left out has none: all clusters are named, and all alerts were counted. */
  complete: boolean;
  /** Counting has stopped at a bound: there may be more. */
  atLeast: boolean;
}

/** The facets name only the clusters with most alerts: from so many on, one left out may have some. */
export const FACETS_SHOWN = 100;

export function alertCounts({ cluster_id: counted, at_least: atLeast }: AlertFacets): AlertCounts {
  return {
    of: new Map(counted.map(({ value, count }) => [value, count])),
    complete: !atLeast && counted.length < FACETS_SHOWN,
    atLeast,
  };
}

/** `alerts`: undefined as long as nothing is known of them. */
export function columnsOf(alerts: AlertCounts | undefined): Column<ClusterView>[] {
  return [
    {
      id: "name",
      header: "Name",
      width: "minmax(8rem, 3fr)",
      sort: "name",
      cell: ({ id, name, display_name }) => (
        <>
          <PageLink to={`/clusters/${id}`}>{name}</PageLink>
          {display_name && display_name !== name ? (
            <span className="quiet clusters-second" title={display_name}>
              {display_name}
            </span>
          ) : null}
        </>
      ),
    },
    {
      id: "state",
      header: "State",
      width: "7.5rem",
      sort: "state",
      cell: ({ status }) => (
        <span title={status.last_error ?? undefined}>
          <ClusterStateBadge state={status.state} />
        </span>
      ),
    },
    {
      id: "health",
      header: "Health",
      width: "5.5rem",
      sort: "health_score",
      from: 30,
      cell: ({ status }) => <HealthScore score={status.health_score} />,
    },
    {
      id: "alerts",
      header: "Alerts",
      width: "4rem",
      from: 45,
      align: "end",
      cell: (cluster) => <AlertsCell cluster={cluster} alerts={alerts} />,
    },
    {
      id: "type",
      header: "Type",
      width: "4.75rem",
      sort: "cluster_type",
      from: 60,
      cell: ({ cluster_type = "SPOKE" }) => TYPES[cluster_type],
    },
    {
      id: "environment",
      header: "Environment",
      width: "minmax(6.75rem, 1fr)",
      sort: "environment",
      from: 45,
      cell: ({ environment = "DEVELOPMENT", region }) => (
        <span title={region ? `Region ${region}` : undefined}>
          {ENVIRONMENTS[environment]}
          {region ? <span className="quiet"> · {region}</span> : null}
        </span>
      ),
    },
    { id: "version", header: "Version", width: "4.75rem", from: 75, cell: version },
    {
      id: "nodes",
      header: "Nodes",
      width: "3.25rem",
      from: 60,
      align: "end",
      cell: ({ capabilities }) => <Number of={capabilities?.node_count} />,
    },
    {
      id: "gpus",
      header: "GPUs",
      width: "3.25rem",
      from: 60,
      align: "end",
      cell: ({ capabilities }) => <Number of={capabilities?.gpu_count} />,
    },
    {
      id: "abilities",
      header: "Has",
      width: "8rem",
      from: 75,
      cell: ({ capabilities }) => <Abilities of={capabilities} />,
    },
    {
      id: "seen",
      header: "Last seen",
      width: "6.25rem",
      from: 45,
      cell: ({ last_seen_at }) => <Ago at={last_seen_at} />,
    },
  ];
}

const version = ({ platform_version }: ClusterView) =>
  platform_version ?? <span className="quiet">–</span>;

function Number({ of }: { of: number | undefined }) {
  if (of === undefined) return <span className="quiet">–</span>;
  return <span className={of === 0 ? "numbers quiet" : "numbers"}>{count(of)}</span>;
}

function AlertsCell({ cluster, alerts }: { cluster: ClusterView; alerts: AlertCounts | undefined }) {
  if (alerts === undefined) return <span className="quiet">–</span>;
  const found = alerts.of.get(cluster.id);
  if (found === undefined && alerts.complete) return <span className="quiet numbers">0</span>;
  const said = found === undefined ? "see" : `${count(found)}${alerts.atLeast ? "+" : ""}`;
  return (
    <PageLink
      to="/alerts"
      search={{ cluster_id: [cluster.id] }}
      className="numbers"
      aria-label={`Alerts of ${cluster.name}: ${said}`}
    >
      {said}
    </PageLink>
  );
}
