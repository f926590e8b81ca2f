import { Facts } from "@/components/facts";
import type { CnfSearch } from "@/features/cnf/search";
import { Age } from "@/features/cnf/shared/cells";
import { Links, MetricsLink, NodeLink, PodLinks, selector } from "@/features/cnf/shared/links";
import { SOURCES } from "@/features/cnf/shared/names";
import { RowDrawer } from "@/features/cnf/shared/row-drawer";
import { partsOf } from "@/features/cnf/shared/rows";
import { StateBadge } from "@/features/cnf/shared/states";
import { TYPES } from "@/features/cnf/shared/types";
import { lookOf, sinceOf } from "@/features/cnf/workloads/state";
import { useListCnfWorkloads } from "@/generated/api";
import type { CnfWorkloadView } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";

/** A pod in full: how it is, why, and where to look on. */
export function WorkloadDrawer({ id, known }: { id: string; known: CnfWorkloadView | undefined }) {
  const [cluster = "", namespace = "", pod = ""] = partsOf(id, 3);
  const found = useListCnfWorkloads({
    cluster_id: [cluster],
    namespace: [namespace],
    q: pod,
    page_size: 100,
    ...useAsOf(),
  });
  return (
    <RowDrawer
      label="Workload"
      title={pod}
      found={found}
      known={known}
      isIt={(row) => row.pod === pod}
      links={
        <Links cluster={cluster} tab="workloads" name={`${namespace}/${pod}`} around={{ kind: "pod", cluster, namespace, name: pod }}>
          <PodLinks cluster={cluster} namespace={namespace} pod={pod} />
          <MetricsLink
            cluster={cluster}
            query={selector("kube_pod_container_status_restarts_total", { namespace, pod })}
          >
            Restarts over time
          </MetricsLink>
        </Links>
      }
    >
      {(row) => <About row={row} />}
    </RowDrawer>
  );
}


function About({ row }: { row: CnfWorkloadView }) {
  const [short, long] = TYPES[row.cnf_type];
  const { cluster_id, node_name, ready, restarts } = row;
  const only: CnfSearch = { cluster_id: [cluster_id], namespace: row.namespace };
  return (
    <>
      <StateBadge look={lookOf(row)} since={sinceOf(row)} />
      {row.reason ? <p className="cnf-reason">{row.reason}</p> : null}
      <Facts
        of={[
          ["Type", `${short}: ${long.toLowerCase()}`],
          ["Known by", row.evidence],
          ["Namespace", <PageLink key="only" to="/cnf" search={only}>{row.namespace}</PageLink>],
          ["Ready", ready === true ? "yes" : ready === false ? "no" : "not known"],
          ["Restarts", typeof restarts === "number" ? count(restarts) : "not known"],
          ["Node", node_name ?? "not on a node yet"],
          ["Cluster", row.cluster_name],
          ["Sampled", <Age key="age" of={row} />],
          ["Source", row.source ? SOURCES[row.source] : undefined],
        ]}
      />
      {node_name ? (
        <nav aria-label="On the same node" className="cnf-links">
          <NodeLink cluster={cluster_id} node={node_name} tab="clocks" />
          <NodeLink cluster={cluster_id} node={node_name} tab="functions" />
        </nav>
      ) : null}
    </>
  );
}
