/** What is wrong with a cluster or missing from it, what is lost by that, and what to do. */

import { Alert } from "@patternfly/react-core";

import { useAllowed } from "@/features/clusters/shared/allowed";
import { LOST, SPOKEN } from "@/features/clusters/shared/health";
import { sentence } from "@/features/clusters/shared/sentence";
import type { Check, ClusterView } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

interface WhatToDoProps {
  cluster: ClusterView;
  checks: readonly Check[] | undefined;
}

export function WhatToDo({ cluster, checks }: WhatToDoProps) {
  const failing = checks?.filter(({ healthy }) => !healthy) ?? [];
  return (
    <>
      {failing.length > 0 ? <Failing cluster={cluster} failing={failing} /> : null}
      <Missing cluster={cluster} />
    </>
  );
}

function Failing({ cluster, failing }: { cluster: ClusterView; failing: readonly Check[] }) {
  const offline = cluster.status.state === "OFFLINE";
  return (
    <Alert
      isInline
      component="p"
      variant={offline ? "danger" : "warning"}
      title={
        offline
          ? "Nothing of this cluster answers"
          : `${failing.map(({ name }) => SPOKEN[name]).join(" and ")} ${failing.length === 1 ? "fails" : "fail"}`
      }
    >
      <ul className="clusters-todo">
        {failing.map(({ name, error, advice }) => (
          <li key={name}>
            {sentence(error ?? `${SPOKEN[name]} is not well`)}{" "}
            {advice ? <strong>{sentence(advice)}</strong> : null}{" "}
            <span className="quiet">No {LOST[name]} meanwhile.</span>
          </li>
        ))}
      </ul>
      <p className="clusters-line">
        <TabLink cluster={cluster} tab="endpoints">
          Its endpoints
        </TabLink>
        <TabLink cluster={cluster} tab="credentials">
          Its credentials
        </TabLink>
        <PageLink to="/events" search={{ cluster_id: cluster.id }}>
          What happened before
        </PageLink>
      </p>
    </Alert>
  );
}

/** What a cluster still needs to show all that it could. */
function Missing({ cluster }: { cluster: ClusterView }) {
  const { credentials, endpoints, status } = cluster;
  const { manages } = useAllowed(cluster.id);
  const noEndpoints = !Object.values(endpoints ?? {}).some(Boolean);
  if (credentials !== null && !noEndpoints && status.state !== "PROVISIONING") return null;
  return (
    <Alert isInline component="p" variant="info" title={status.state === "PROVISIONING" ? "Its first check is on the way" : "There is more to see of it"}>
      <ul className="clusters-todo">
        {credentials === null ? (
          <li>
            It has no credentials: its API server is not checked, and nodes, GPUs and workloads are not
            found. {manages ? <TabLink cluster={cluster} tab="credentials">Give it credentials</TabLink> : null}
          </li>
        ) : null}
        {noEndpoints ? (
          <li>
            None of its backends is known: no metrics, logs or traces.{" "}
            {manages ? <TabLink cluster={cluster} tab="edit">Say where they answer</TabLink> : null}
          </li>
        ) : null}
        <li>
          Its Alertmanager can send alerts here:{" "}
          <TabLink cluster={cluster} tab="endpoints">how to set that up</TabLink>
        </li>
      </ul>
    </Alert>
  );
}

interface TabLinkProps {
  cluster: ClusterView;
  tab: string;
  children: string;
}

function TabLink({ cluster, tab, children }: TabLinkProps) {
  return (
    <PageLink to={`/clusters/${cluster.id}`} search={{ tab }}>
      {children}
    </PageLink>
  );
}
