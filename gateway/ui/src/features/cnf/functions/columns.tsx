/** The columns of the list of virtual functions. */

import type { Column } from "@/components/data-table";
import { UsageBar } from "@/features/cnf/functions/usage-bar";
import { ageColumn, clusterColumn, Maybe, Named, Unknown } from "@/features/cnf/shared/cells";
import { EXHAUSTED, StateBadge } from "@/features/cnf/shared/states";
import type { SriovStatusView } from "@/generated/api.schemas";
import { count } from "@/lib/format";

/** Since when none is free, as far as it was told. */
export const sinceOf = (row: Pick<SriovStatusView, "exhausted" | "standing" | "state_since">) =>
  row.exhausted && row.standing === "EXHAUSTED" ? row.state_since : null;

const said = (value: number | null | undefined) => (typeof value === "number" ? count(value) : "–");

/** `fronthaul` before `openshift.io`, which most have in common: what is cut is the latter. */
function ResourceName({ of }: { of: string }) {
  const at = of.lastIndexOf("/");
  return <Named name={of.slice(at + 1)} of={at > 0 ? of.slice(0, at) : null} />;
}

export const COLUMNS: readonly Column<SriovStatusView>[] = [
  {
    id: "resource",
    header: "Resource",
    width: "var(--cnf-resource)",
    cell: ({ resource_name }) => <ResourceName of={resource_name} />,
  },
  {
    id: "node",
    header: "Node",
    width: "minmax(3rem, 1.5fr)",
    cell: ({ node_name }) => <Maybe>{node_name}</Maybe>,
  },
  {
    id: "free",
    header: "Free",
    width: "var(--cnf-state)",
    align: "end",
    cell: (row) =>
      row.exhausted ? (
        <StateBadge look={EXHAUSTED} since={sinceOf(row)} />
      ) : row.free_vfs === null ? (
        <Unknown why="How many are in use is not known" />
      ) : (
        <span className="numbers">{count(row.free_vfs)}</span>
      ),
  },
  {
    id: "used",
    header: "In use",
    width: "5rem",
    from: 30,
    align: "end",
    cell: ({ used_vfs, allocatable_vfs }) => (
      <span className="numbers">
        {said(used_vfs)} of {said(allocatable_vfs)}
      </span>
    ),
  },
  {
    id: "usage",
    header: "Share",
    width: "7rem",
    from: 60,
    cell: (row) => <UsageBar used={row.used_vfs} allocatable={row.allocatable_vfs} total={row.total_vfs} />,
  },
  {
    id: "total",
    header: "In all",
    width: "3.5rem",
    from: 60,
    align: "end",
    cell: ({ total_vfs }) => <span className="numbers">{said(total_vfs)}</span>,
  },
  {
    id: "policy",
    header: "Policy",
    width: "minmax(5rem, 1fr)",
    from: 75,
    cell: ({ policy }) => <Maybe>{policy}</Maybe>,
  },
  {
    id: "interfaces",
    header: "Interfaces",
    width: "minmax(5rem, 1fr)",
    from: 75,
    cell: ({ interfaces = [] }) => <Maybe>{interfaces.join(", ")}</Maybe>,
  },
  clusterColumn(),
  ageColumn(),
];
