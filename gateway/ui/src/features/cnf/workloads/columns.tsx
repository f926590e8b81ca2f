/** The columns of the list of workloads. */

import { Label } from "@patternfly/react-core";

import type { Column } from "@/components/data-table";
import { ageColumn, clusterColumn, Maybe, Named, nodeColumn, Unknown } from "@/features/cnf/shared/cells";
import { StateBadge } from "@/features/cnf/shared/states";
import { TYPES } from "@/features/cnf/shared/types";
import { lookOf, sinceOf } from "@/features/cnf/workloads/state";
import type { CnfType, CnfWorkloadView } from "@/generated/api.schemas";
import { count } from "@/lib/format";

export function TypeLabel({ type }: { type: CnfType }) {
  const [short, long] = TYPES[type];
  return (
    <span title={long}>
      <Label isCompact variant="outline">
        {short}
      </Label>
    </span>
  );
}

export const COLUMNS: readonly Column<CnfWorkloadView>[] = [
  { id: "type", header: "Type", width: "4rem", from: 30, cell: ({ cnf_type }) => <TypeLabel type={cnf_type} /> },
  {
    id: "pod",
    header: "Pod",
    width: "minmax(8rem, 2fr)",
    cell: ({ pod, namespace }) => <Named name={pod} of={namespace} />,
  },
  {
    id: "state",
    header: "State",
    width: "var(--cnf-state)",
    cell: (row) => <StateBadge look={lookOf(row)} since={sinceOf(row)} why={row.reason} />,
  },
  {
    id: "reason",
    header: "Why",
    width: "minmax(6rem, 1fr)",
    from: 75,
    cell: ({ reason }) => <Maybe>{reason}</Maybe>,
  },
  {
    id: "restarts",
    header: "Restarts",
    width: "4.5rem",
    from: 45,
    align: "end",
    cell: ({ restarts }) =>
      restarts === null || restarts === undefined ? (
        <Unknown />
      ) : (
        <span className={restarts === 0 ? "numbers quiet" : "numbers"}>{count(restarts)}</span>
      ),
  },
  nodeColumn(),
  clusterColumn(),
  ageColumn(),
];
