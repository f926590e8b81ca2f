import { Drawer } from "@/components/drawer";
import { ClusterStateBadge } from "@/components/badges";
import { Facts } from "@/components/facts";
import { Failure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { ChecksList } from "@/features/clusters/shared/checks-list";
import { Abilities } from "@/features/clusters/shared/abilities";
import { HealthScore } from "@/features/clusters/shared/health-score";
import { Labels } from "@/features/clusters/shared/labels";
import { LinkButton } from "@/components/link-button";
import { ENVIRONMENTS, PLATFORMS, TYPES } from "@/features/clusters/shared/types";
import { useGetCluster, useGetClusterStatus } from "@/generated/api";
import type { Check, ClusterView } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

interface ClusterDrawerProps {
  id: string;
  /** What the list knows of it, until more is read. */
  known: ClusterView | undefined;
  onClose: () => void;
}

/** The essentials of one cluster beside the list, and the way to the rest. */
export function ClusterDrawer({ id, known, onClose }: ClusterDrawerProps) {
  const asOf = useAsOf();
  const whole = useGetCluster(id, asOf);
  const health = useGetClusterStatus(id, asOf);
  useRefreshOn({ cluster: id, enabled: asOf.as_of === undefined }, [`/api/v1/clusters/${id}`]);
  const cluster = whole.data ?? known;
  return (
    <Drawer label="Cluster" title={cluster?.name ?? "Cluster"} onClose={onClose}>
      {cluster ? (
        <Essentials cluster={cluster} checks={health.data?.checks} />
      ) : whole.error ? (
        <Failure error={whole.error} what="The cluster" onRetry={() => void whole.refetch()} />
      ) : (
        <Loading />
      )}
    </Drawer>
  );
}

interface EssentialsProps {
  cluster: ClusterView;
  checks: readonly Check[] | undefined;
}

function Essentials({ cluster, checks }: EssentialsProps) {
  const { id, status, capabilities, labels } = cluster;
  const { cluster_type = "SPOKE", environment = "DEVELOPMENT", platform = "OPENSHIFT" } = cluster;
  return (
    <div className="clusters-drawer-part">
      <div className="clusters-line">
        <ClusterStateBadge state={status.state} />
        <HealthScore score={status.health_score} />
        <span className="quiet">
          seen <Ago at={cluster.last_seen_at} />
        </span>
      </div>
      {status.last_error ? <p className="clusters-wrong">{status.last_error}</p> : null}
      <div className="clusters-line">
        <LinkButton to={`/clusters/${id}`}>Open the cluster</LinkButton>
        <LinkButton to="/alerts" search={{ cluster_id: [id] }} variant="secondary">
          Its alerts
        </LinkButton>
      </div>
      <section className="clusters-drawer-part" aria-labelledby="drawer-checks">
        <h3 id="drawer-checks">Checks</h3>
        {checks ? <ChecksList checks={checks} /> : <Loading lines={3} label="Reading the checks" />}
      </section>
      <h3>About it</h3>
      <Facts
        of={[
          ["Display name", cluster.display_name ?? undefined],
          ["Type", `${TYPES[cluster_type]}, ${ENVIRONMENTS[environment].toLowerCase()}`],
          ["Region", cluster.region ?? undefined],
          ["Platform", [PLATFORMS[platform], cluster.platform_version].filter(Boolean).join(" ")],
          ["Nodes", capabilities ? count(capabilities.node_count) : undefined],
          ["Has", <Abilities key="has" of={capabilities} words />],
          ["Labels", <Labels key="labels" of={labels ?? {}} />],
          ["API server", <span key="url" className="mono clusters-url">{cluster.api_server_url}</span>],
        ]}
      />
    </div>
  );
}
