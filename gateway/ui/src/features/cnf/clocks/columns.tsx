/** The columns of the list of clocks, and how a clock's state is told. */

import type { Column } from "@/components/data-table";
import { OffsetScale } from "@/features/cnf/clocks/offset-scale";
import { ageColumn, clusterColumn, Maybe } from "@/features/cnf/shared/cells";
import { offset } from "@/features/cnf/shared/numbers";
import { CLOCKS, StateBadge } from "@/features/cnf/shared/states";
import type { PtpStatusView } from "@/generated/api.schemas";
import { words } from "@/lib/format";

export const stateOf = ({ clock_state }: Pick<PtpStatusView, "clock_state">) => clock_state ?? "UNKNOWN";

/** Since when it is in that state, as far as it was told. */
export const sinceOf = (row: Pick<PtpStatusView, "clock_state" | "standing" | "state_since">) =>
  row.standing === stateOf(row) ? row.state_since : null;

/** Ports tell a role where the clock has another name, as that of its card. */
export const whyOf = ({ clock_state, role }: Pick<PtpStatusView, "clock_state" | "role">) =>
  clock_state ? null : role ? "Its port reports a role, but no state" : "Its source reports no state";

export const COLUMNS: readonly Column<PtpStatusView>[] = [
  {
    id: "interface",
    header: "Interface",
    width: "var(--cnf-interface)",
    cell: (row) => <Maybe>{row.interface}</Maybe>,
  },
  {
    id: "node",
    header: "Node",
    width: "minmax(3rem, 2fr)",
    cell: (row) => <Maybe>{row.node_name}</Maybe>,
  },
  {
    id: "state",
    header: "State",
    width: "var(--cnf-state)",
    cell: (row) => <StateBadge look={CLOCKS[stateOf(row)]} since={sinceOf(row)} why={whyOf(row)} />,
  },
  {
    id: "offset",
    header: "Offset",
    width: "5rem",
    from: 30,
    align: "end",
    cell: ({ offset_ns }) => <span className="numbers">{offset(offset_ns)}</span>,
  },
  {
    id: "scale",
    header: "On a scale of ±100 µs",
    width: "11rem",
    from: 60,
    cell: (row) => <OffsetScale ns={row.offset_ns} state={stateOf(row)} />,
  },
  { id: "process", header: "Kept by", width: "5rem", from: 75, cell: ({ process }) => <Maybe>{process}</Maybe> },
  {
    id: "role",
    header: "Role",
    width: "5.5rem",
    from: 75,
    cell: ({ role }) => <Maybe>{role ? words(role) : null}</Maybe>,
  },
  {
    id: "class",
    header: "Class",
    width: "3.5rem",
    from: 75,
    align: "end",
    cell: ({ clock_class }) => <Maybe>{clock_class?.toString()}</Maybe>,
  },
  clusterColumn(),
  ageColumn(),
];
