import { ExplainButton } from "@/components/explain/explain-button";
import { Facts } from "@/components/facts";
import { sinceOf, stateOf, whyOf } from "@/features/cnf/clocks/columns";
import { ClockHistory } from "@/features/cnf/clocks/history";
import type { CnfSearch } from "@/features/cnf/search";
import { Age } from "@/features/cnf/shared/cells";
import { Links, MetricsLink, NodeLink, selector } from "@/features/cnf/shared/links";
import { SOURCES } from "@/features/cnf/shared/names";
import { offset } from "@/features/cnf/shared/numbers";
import { RowDrawer } from "@/features/cnf/shared/row-drawer";
import { clockId, partsOf } from "@/features/cnf/shared/rows";
import { CLOCKS, StateBadge } from "@/features/cnf/shared/states";
import { useListPtpStatus } from "@/generated/api";
import type { PtpStatusView } from "@/generated/api.schemas";
import { words } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";

/** A clock in full: how it is, and how it was. */
export function ClockDrawer({ id, known }: { id: string; known: PtpStatusView | undefined }) {
  const setSearch = useSetSearch<CnfSearch>();
  const [cluster_id = "", node_name = "", name = "", process = ""] = partsOf(id, 4);
  const clock = { cluster_id, node_name, interface: name };
  const found = useListPtpStatus({
    cluster_id: [cluster_id],
    node_name: [node_name],
    interface: [name],
    page_size: 100,
    ...useAsOf(),
  });
  return (
    <RowDrawer
      label="Clock"
      title={`${node_name} · ${name}`}
      found={found}
      known={known}
      // Events know of clocks, and not of the processes that keep them.
      isIt={(row) => process === "" || clockId(row) === id}
      links={
        <Links cluster={cluster_id} tab="clocks" name={`${node_name}/${name}`} around={{ kind: "node", cluster: cluster_id, name: node_name }}>
          <MetricsLink cluster={cluster_id} query={selector("openshift_ptp_offset_ns", { node: node_name })}>
            Offsets of this node in metrics
          </MetricsLink>
          <NodeLink cluster={cluster_id} node={node_name} tab="workloads" />
        </Links>
      }
    >
      {(row) => (
        <>
          <StateBadge look={CLOCKS[stateOf(row)]} since={sinceOf(row)} />
          {row.clock_state ? null : <p className="quiet">{whyOf(row)}.</p>}
          <section className="cnf-detail" aria-labelledby="cnf-offset">
            <header className="cnf-detail-head">
              <h3 id="cnf-offset">Offset over time</h3>
              <ExplainButton onExplain={() => setSearch({ explain: id })} />
            </header>
            <ClockHistory clock={clock} />
          </section>
          <Facts
            of={[
              ["Offset", offsetInWords(row)],
              ["Kept by", row.process ?? "not known"],
              ["Role", row.role ? words(row.role) : "not known"],
              ["Clock class", row.clock_class ?? "not known"],
              ["Cluster", row.cluster_name],
              ["Sampled", <Age key="age" of={row} />],
              ["Source", row.source ? SOURCES[row.source] : undefined],
            ]}
          />
        </>
      )}
    </RowDrawer>
  );
}

/** Positive is ahead, which nobody should have to know. */
function offsetInWords({ offset_ns }: PtpStatusView): string {
  if (offset_ns === null || offset_ns === undefined) return "not known";
  return `${offset(offset_ns)}${offset_ns > 0 ? ", ahead of its source" : offset_ns < 0 ? ", behind its source" : ""}`;
}
