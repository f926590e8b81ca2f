import { Drawer } from "@/components/drawer";
import { Facts } from "@/components/facts";
import { Ago, At } from "@/components/timestamp";
import { EndSilence } from "@/features/alerts/silences/end-silence";
import { SilenceStateBadge, labelsOf, matcherOf } from "@/features/alerts/silences/silence-words";
import type { ClusterSilence } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

/** One silence in full. */
export function SilenceDrawer({ silence, onClose }: { silence: ClusterSilence; onClose: () => void }) {
  const label = labelsOf(silence);
  return (
    <Drawer title="Silence" label="Silence" onClose={onClose}>
      <div className="alerts-drawer">
        <SilenceStateBadge state={silence.state} />
        <Facts
          of={[
            ["Cluster", <PageLink key="cluster" to={`/clusters/${silence.cluster_id}`}>{silence.cluster_name}</PageLink>],
            ["Began", <At key="began" at={silence.starts_at} />],
            ["Ends", <span key="ends"><At at={silence.ends_at} />, <Ago at={silence.ends_at} /></span>],
            ["By", silence.created_by || undefined],
            ["Comment", silence.comment || undefined],
            ["Made", silence.command_id ? "here" : "in the cluster itself"],
            ["Id", <span key="id" className="mono">{silence.id}</span>],
          ]}
        />
        <section className="alerts-part">
          <h3>Silences alerts with all of</h3>
          <ul className="plain alerts-labels">
            {silence.matchers.map((matcher) => (
              <li key={matcherOf(matcher)} className="mono alerts-matcher">
                {matcherOf(matcher)}
              </li>
            ))}
          </ul>
        </section>
        {label ? (
          <PageLink to="/alerts" search={{ cluster_id: [silence.cluster_id], label }}>
            Open alerts that it matches
          </PageLink>
        ) : null}
        {silence.state === "EXPIRED" ? null : <EndSilence silence={silence} />}
      </div>
    </Drawer>
  );
}
