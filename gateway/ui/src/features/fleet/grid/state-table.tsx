import { ClusterStateBadge } from "@/components/badges";
import { DataTable, type Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import { byName, worstFirst } from "@/features/fleet/health";
import type { FleetSearch } from "@/features/fleet/search";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";

const COLUMNS: readonly Column<ClusterInFleet>[] = [
  {
    id: "name",
    header: "Name",
    width: "minmax(9rem, 2fr)",
    sort: "name",
    cell: ({ id, name }) => (
      <PageLink to={`/clusters/${id}`} className="cut">
        {name}
      </PageLink>
    ),
  },
  { id: "state", header: "State", width: "8rem", sort: "state", cell: ({ state }) => <ClusterStateBadge state={state} /> },
  {
    id: "score",
    header: "Score",
    width: "5rem",
    sort: "score",
    align: "end",
    cell: ({ health_score: score }) => <span className="numbers">{score ?? "–"}</span>,
  },
  { id: "since", header: "Since", width: "8rem", sort: "since", from: 45, cell: ({ changed_at: at }) => <Ago at={at} /> },
  {
    id: "reason",
    header: "Reason",
    width: "minmax(10rem, 4fr)",
    from: 60,
    cell: ({ last_error: error }) => (
      <span className="cut quiet" title={error ?? undefined}>
        {error ?? ""}
      </span>
    ),
  },
];

type Order = (a: ClusterInFleet, b: ClusterInFleet) => number;

const ORDERS: Readonly<Record<string, Order>> = {
  name: byName,
  state: worstFirst,
  score: (a, b) => (a.health_score ?? -1) - (b.health_score ?? -1),
  since: (a, b) => Date.parse(b.changed_at ?? "1970-01-01") - Date.parse(a.changed_at ?? "1970-01-01"),
};

export function sorted(clusters: readonly ClusterInFleet[], sort: string): readonly ClusterInFleet[] {
  const order = ORDERS[sort.replace(/^-/, "")] ?? worstFirst;
  return clusters.toSorted((a, b) => (sort.startsWith("-") ? order(b, a) : order(a, b)));
}

/** The state grid in words. */
export default function StateTable({ clusters }: { clusters: readonly ClusterInFleet[] }) {
  const { sort = "state" } = useSearch<FleetSearch>();
  const setSearch = useSetSearch<FleetSearch>();
  return (
    <div className="fleet-table" style={{ blockSize: `min(26rem, ${clusters.length * 2.75 + 3}rem)` }}>
      <DataTable
        label="Clusters by state"
        rows={sorted(clusters, sort)}
        columns={COLUMNS}
        idOf={({ id }) => id}
        sort={sort}
        onSort={(wanted) => setSearch({ sort: wanted === "state" ? undefined : wanted }, { replace: true })}
      />
    </div>
  );
}
