import { Facts } from "@/components/facts";
import { sinceOf } from "@/features/cnf/ports/columns";
import { Counters } from "@/features/cnf/ports/counters";
import { Age } from "@/features/cnf/shared/cells";
import { Links, NodeLink, PodLinks } from "@/features/cnf/shared/links";
import { SOURCES } from "@/features/cnf/shared/names";
import { RowDrawer } from "@/features/cnf/shared/row-drawer";
import { partsOf, portId, workloadId } from "@/features/cnf/shared/rows";
import { DROPPING, StateBadge } from "@/features/cnf/shared/states";
import { useListDpdkStats } from "@/generated/api";
import type { DpdkPortView } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";

/** A port in full: each counter, and how it grows. */
export function PortDrawer({ id, known }: { id: string; known: DpdkPortView | undefined }) {
  const [cluster = "", namespace = "", pod = "", port = ""] = partsOf(id, 4);
  const found = useListDpdkStats({
    cluster_id: [cluster],
    namespace: [namespace],
    pod: [pod],
    page_size: 100,
    ...useAsOf(),
  });
  return (
    <RowDrawer
      label="Port"
      title={`${/^\d+$/.test(port) ? `Port ${port}` : port} of ${pod}`}
      found={found}
      known={known}
      isIt={(row) => portId(row) === id}
      links={
        <Links cluster={cluster} tab="ports" name={`${namespace}/${pod}/${port}`} around={{ kind: "pod", cluster, namespace, name: pod }}>
          <PodLinks cluster={cluster} namespace={namespace} pod={pod} />
        </Links>
      }
    >
      {(row) => <About row={row} />}
    </RowDrawer>
  );
}

function About({ row }: { row: DpdkPortView }) {
  const { cluster_id, node_name } = row;
  return (
    <>
      {row.dropping ? <StateBadge look={["Drops packets", DROPPING[1], DROPPING[2]]} since={sinceOf(row)} /> : null}
      <Counters of={row} />
      <Facts
        of={[
          ["Pod", <PageLink key="pod" to="/cnf" search={{ open: workloadId(row) }}>{row.pod}</PageLink>],
          ["Namespace", row.namespace],
          ["Node", node_name ?? "not known"],
          ["Cluster", row.cluster_name],
          ["Sampled", <Age key="age" of={row} />],
          ["Source", row.source ? SOURCES[row.source] : undefined],
        ]}
      />
      {node_name ? (
        <nav aria-label="On the same node" className="cnf-links">
          <NodeLink cluster={cluster_id} node={node_name} tab="functions" />
          <NodeLink cluster={cluster_id} node={node_name} tab="clocks" />
        </nav>
      ) : null}
    </>
  );
}
