/** From something of a network function to what else there is about it. */

import type { ReactNode } from "react";

import type { Entity } from "@/components/neighbourhood/entity";
import { NearButton } from "@/components/neighbourhood/near-link";
import type { Tab } from "@/features/cnf/search";
import { AREAS } from "@/features/cnf/shared/names";
import { PageLink } from "@/lib/place";

interface LinksProps {
  cluster: string;
  tab: Tab;
  /** As events call it: `<node>/<interface>`. */
  name: string;
  /** What it is on: `node/NAME` or a pod. */
  around: Entity;
  /** Metrics, logs: what only some have. */
  children?: ReactNode;
}

export function Links({ cluster, tab, name, around, children }: LinksProps) {
  return (
    <nav aria-label="More about it" className="cnf-links">
      <NearButton of={around} />
      <PageLink to={`/clusters/${cluster}`}>Cluster</PageLink>
      <PageLink
        to="/events"
        search={{ cluster_id: cluster, entity_type: "cnf", entity_id: `${AREAS[tab]}/${name}` }}
      >
        Its events
      </PageLink>
      {children}
    </nav>
  );
}

const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** `up{node="a"}`. */
export const selector = (metric: string, labels: Readonly<Record<string, string>>) =>
  `${metric}{${Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`).join(", ")}}`;

export function MetricsLink({ cluster, query, children }: { cluster: string; query: string; children: string }) {
  return (
    <PageLink to="/observability/metrics" search={{ query: [query], clusters: [cluster] }}>
      {children}
    </PageLink>
  );
}

export function PodLinks({ cluster, namespace, pod }: { cluster: string; namespace: string; pod: string }) {
  return (
    <>
      <PageLink to="/observability/logs" search={{ query: selector("", { namespace, pod }), clusters: [cluster] }}>
        Logs of the pod
      </PageLink>
      <PageLink to="/alerts" search={{ cluster_id: [cluster], namespace: [namespace] }}>
        Alerts in its namespace
      </PageLink>
    </>
  );
}

/** What else of network functions is on the same node. */
export function NodeLink({ cluster, node, tab }: { cluster: string; node: string; tab: Exclude<Tab, "ports"> }) {
  const search = { cluster_id: [cluster], node_name: [node], ...(tab === "workloads" ? {} : { tab }) };
  const said = { workloads: "Workloads on this node", clocks: "Clocks of this node", functions: "Virtual functions of this node" };
  return (
    <PageLink to="/cnf" search={search}>
      {said[tab]}
    </PageLink>
  );
}
