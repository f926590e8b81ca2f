import "@/features/clusters/clusters.css";
import "@/features/clusters/forms.css";
import "@/features/clusters/detail/detail.css";

import { Alert, Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { keepPreviousData } from "@tanstack/react-query";
import { Suspense, useEffect, type ComponentType } from "react";

import { ClusterStateBadge } from "@/components/badges";
import { lazily, useComingSoon } from "@/components/lazily";
import { NearButton } from "@/components/neighbourhood/near-link";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { useTabInView } from "@/components/use-tab-in-view";
import { Actions } from "@/features/clusters/detail/actions";
import { OverviewTab } from "@/features/clusters/detail/overview-tab";
import { useParts } from "@/features/clusters/detail/parts";
import type { ClusterSearch, Tab as TabName } from "@/features/clusters/search";
import { HealthScore } from "@/features/clusters/shared/health-score";
import { LinkButton } from "@/components/link-button";
import { useAllowed } from "@/features/clusters/shared/allowed";
import { Trail } from "@/features/clusters/shared/trail";
import { ENVIRONMENTS, PLATFORMS, TYPES } from "@/features/clusters/shared/types";
import { useGetCluster } from "@/generated/api";
import type { ClusterView } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { live } from "@/lib/live";
import { useAsOf, useClock } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { useGo, usePathParam, useSearch, useSetSearch } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";

const TAB_NAMES: Readonly<Record<TabName, string>> = {
  overview: "Overview",
  alerts: "Alerts",
  gpus: "GPUs",
  functions: "Network functions",
  capabilities: "Capabilities",
  endpoints: "Endpoints",
  credentials: "Credentials",
  events: "Events",
  edit: "Edit",
};
/** Who only looks whether all is well does not wait for them. */
const LATER = {
  alerts: lazily(() => import("@/features/clusters/detail/alerts-tab"), "AlertsTab"),
  gpus: lazily(() => import("@/features/clusters/detail/gpus-tab"), "GpusTab"),
  functions: lazily(() => import("@/features/clusters/detail/functions-tab"), "FunctionsTab"),
  capabilities: lazily(() => import("@/features/clusters/detail/capabilities-tab"), "CapabilitiesTab"),
  endpoints: lazily(() => import("@/features/clusters/detail/endpoints-tab"), "EndpointsTab"),
  credentials: lazily(() => import("@/features/clusters/detail/credentials-tab"), "CredentialsTab"),
  events: lazily<"EventsTab", { cluster: ClusterView }>(() => import("@/features/clusters/detail/events-tab"), "EventsTab"),
  edit: lazily(() => import("@/features/clusters/detail/edit-tab"), "EditTab"),
};
const SOON = Object.values(LATER);
const TABS: Readonly<Record<TabName, ComponentType<{ cluster: ClusterView }>>> = {
  overview: OverviewTab,
  alerts: LATER.alerts.Part,
  gpus: LATER.gpus.Part,
  functions: LATER.functions.Part,
  capabilities: LATER.capabilities.Part,
  endpoints: LATER.endpoints.Part,
  credentials: LATER.credentials.Part,
  events: LATER.events.Part,
  edit: LATER.edit.Part,
};

/** One cluster: how it is, what it can do, and what is registered about it. */
export function ClusterPage() {
  const id = usePathParam("clusterId");
  // Another cluster is another page: nothing of the last one's forms stays.
  return <OneCluster key={id} id={id} />;
}

function OneCluster({ id }: { id: string }) {
  const asOf = useAsOf();
  const query = useGetCluster(id, asOf, { query: { placeholderData: keepPreviousData } });
  useLiveCluster(id, asOf.as_of === undefined);
  const gone = query.error instanceof ApiError && query.error.status === 404;
  const cluster = query.data;
  const go = useGo();
  const ask = () => go("/chat", { ask: `What is wrong with ${cluster?.name}?`, cluster: [id] });
  usePageActions(
    cluster === undefined || gone || asOf.as_of !== undefined
      ? []
      : [{ name: "ask", title: `Ask the assistant about ${cluster.name}`, words: ["chat", "wrong"], run: ask }],
  );
  if (gone && (cluster === undefined || asOf.as_of !== undefined)) return <NotThere />;
  if (cluster === undefined) {
    return (
      <PageFrame title="Cluster" trail={<Trail />}>
        {query.error ? (
          <Failure error={query.error} what="The cluster" onRetry={() => void query.refetch()} />
        ) : (
          <Loading lines={10} label="Loading the cluster" />
        )}
      </PageFrame>
    );
  }
  return (
    <PageFrame
      title={<span className="clusters-name">{cluster.name}</span>}
      subtitle={<Subtitle cluster={cluster} />}
      trail={<Trail />}
      actions={
        <>
          {gone ? null : <NearButton of={{ kind: "cluster", cluster: cluster.id }} />}
          <Actions cluster={cluster} gone={gone} />
        </>
      }
    >
      {gone ? (
        <Alert isInline component="p" variant="warning" title="This cluster was deleted meanwhile">
          What is shown is as it was last. Its past stays readable by the time machine.
        </Alert>
      ) : query.error ? (
        <InlineFailure error={query.error} what="The cluster could not be read again" />
      ) : null}
      <ClusterTabs cluster={cluster} />
    </PageFrame>
  );
}

function ClusterTabs({ cluster }: { cluster: ClusterView }) {
  const { tab = "overview" } = useSearch<ClusterSearch>();
  const setSearch = useSetSearch<ClusterSearch>();
  const { manages } = useAllowed(cluster.id);
  useComingSoon(SOON);
  const parts: Partial<Record<TabName, boolean>> = { ...useParts(cluster), edit: manages };
  const shown = (Object.keys(TABS) as TabName[]).filter((name) => name === tab || (parts[name] ?? true));
  const place = useTabInView(tab);
  return (
    <div ref={place}>
      <Tabs
        activeKey={tab}
        onSelect={(_, key) => setSearch({ tab: key as TabName, explain: undefined }, { replace: true })}
        aria-label="What to see of the cluster"
        mountOnEnter
        unmountOnExit
      >
        {shown.map((name) => {
          const Content = TABS[name];
          return (
            <Tab key={name} eventKey={name} title={<TabTitleText>{TAB_NAMES[name]}</TabTitleText>}>
              <div className="clusters-detail"><Suspense fallback={<Loading lines={8} label={`Loading ${TAB_NAMES[name]}`} />}>
                  {name === tab ? <Content cluster={cluster} /> : null}
                </Suspense></div>
            </Tab>
          );
        })}
      </Tabs>
    </div>
  );
}

/** Reads again what changes of it, also after each health check, of which the stream tells on demand. */
function useLiveCluster(id: string, enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return undefined;
    return live.subscribe(`checks-${id}`, {
      event_types: ["CLUSTER_HEALTH_CHECKED"],
      cluster_filter: [id],
    });
  }, [id, enabled]);
  useRefreshOn(
    {
      cluster: id,
      enabled,
      types: [
        "CLUSTER_HEALTH_CHECKED",
        "CLUSTER_STATUS_CHANGED",
        "CLUSTER_UPDATED",
        "CLUSTER_DELETED",
        "CLUSTER_CAPABILITIES_CHANGED",
        "CLUSTER_CREDENTIALS_UPDATED",
        "CLUSTER_CREDENTIALS_EXPIRING",
        "CLUSTER_CREDENTIALS_DELETED",
      ],
    },
    [`/api/v1/clusters/${id}`],
  );
}

function Subtitle({ cluster }: { cluster: ClusterView }) {
  const { status, cluster_type = "SPOKE", environment = "DEVELOPMENT", platform = "OPENSHIFT" } = cluster;
  const words = [
    cluster.display_name && cluster.display_name !== cluster.name ? cluster.display_name : undefined,
    TYPES[cluster_type],
    ENVIRONMENTS[environment],
    cluster.region ?? undefined,
    [PLATFORMS[platform], cluster.platform_version].filter(Boolean).join(" "),
  ];
  return (
    <div className="clusters-line clusters-subtitle">
      <ClusterStateBadge state={status.state} />
      <HealthScore score={status.health_score} />
      <span>{words.filter(Boolean).join(" · ")}</span>
      {cluster.last_seen_at ? (
        <span>
          seen <Ago at={cluster.last_seen_at} />
        </span>
      ) : (
        <span>never seen</span>
      )}
    </div>
  );
}

function NotThere() {
  const { as_of } = useAsOf();
  const clock = useClock();
  return (
    <PageFrame title="Cluster" trail={<Trail />}>
      <Nothing
        title={as_of ? "Not there at that instant" : "There is no such cluster"}
        actions={<LinkButton to="/clusters">{as_of ? "Clusters of that instant" : "All clusters"}</LinkButton>}
      >
        {as_of
          ? `At ${clock(as_of)} this cluster was not registered: it came later, or was deleted before.`
          : "It was deleted, or the link is wrong. The past of a deleted cluster is shown by the time machine."}
      </Nothing>
    </PageFrame>
  );
}
