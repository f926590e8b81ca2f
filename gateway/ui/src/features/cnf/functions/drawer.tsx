import { Facts } from "@/components/facts";
import { sinceOf } from "@/features/cnf/functions/columns";
import { UsageBar } from "@/features/cnf/functions/usage-bar";
import { Age } from "@/features/cnf/shared/cells";
import { Links, NodeLink } from "@/features/cnf/shared/links";
import { SOURCES } from "@/features/cnf/shared/names";
import { RowDrawer } from "@/features/cnf/shared/row-drawer";
import { functionId, partsOf } from "@/features/cnf/shared/rows";
import { EXHAUSTED, StateBadge } from "@/features/cnf/shared/states";
import { useListSriovStatus } from "@/generated/api";
import type { SriovStatusView } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useAsOf } from "@/lib/moment";

/** The virtual functions of one resource on a node in full. */
export function FunctionDrawer({ id, known }: { id: string; known: SriovStatusView | undefined }) {
  const [cluster = "", node = "", resource = ""] = partsOf(id, 3);
  const found = useListSriovStatus({
    cluster_id: [cluster],
    node_name: [node],
    resource_name: [resource],
    page_size: 100,
    ...useAsOf(),
  });
  return (
    <RowDrawer
      label="Virtual functions"
      title={`${node} · ${resource}`}
      found={found}
      known={known}
      isIt={(row) => functionId(row) === id}
      links={
        <Links cluster={cluster} tab="functions" name={`${node}/${resource}`} around={{ kind: "node", cluster, name: node }}>
          <NodeLink cluster={cluster} node={node} tab="workloads" />
          <NodeLink cluster={cluster} node={node} tab="clocks" />
        </Links>
      }
    >
      {(row) => <About row={row} />}
    </RowDrawer>
  );
}

const said = (value: number | null | undefined) => (typeof value === "number" ? count(value) : "not known");

function About({ row }: { row: SriovStatusView }) {
  const { used_vfs, allocatable_vfs, total_vfs, free_vfs, interfaces = [] } = row;
  return (
    <>
      {row.exhausted ? (
        <>
          <StateBadge look={EXHAUSTED} since={sinceOf(row)} />
          <p className="quiet">The next pod that asks for one on this node will wait.</p>
        </>
      ) : null}
      <UsageBar used={used_vfs} allocatable={allocatable_vfs} total={total_vfs} />
      <Facts
        of={[
          ["In use", said(used_vfs)],
          ["Free", said(free_vfs)],
          ["Pods may have", said(allocatable_vfs)],
          ["There are", said(total_vfs)],
          ["Policy", row.policy ?? "not known"],
          ["Interfaces", interfaces.length > 0 ? interfaces.join(", ") : "not known"],
          ["Cluster", row.cluster_name],
          ["Sampled", <Age key="age" of={row} />],
          ["Source", row.source ? SOURCES[row.source] : undefined],
        ]}
      />
    </>
  );
}
