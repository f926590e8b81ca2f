import { BellSlashIcon } from "@patternfly/react-icons";
import { keepPreviousData } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Badge, ClusterStateBadge, SeverityBadge } from "@/components/badges";
import { heard, type Firing } from "@/features/fleet/firing";
import { countStates, meanScore, STATES } from "@/features/fleet/health";
import { useGetFleetSummary } from "@/generated/api";
import { Severity, type ClusterInFleet } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, type Path } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";

interface CardsProps {
  clusters: readonly ClusterInFleet[];
  firing: Firing;
}

/** The fleet in figures; each leads to the list that it counts. */
export function Cards({ clusters, firing }: CardsProps) {
  return (
    <section className="fleet-cards" aria-label="The fleet in figures">
      <ClustersCard clusters={clusters} />
      <AlertsCard firing={firing} />
      <HealthCard clusters={clusters} />
      <GpuCard />
    </section>
  );
}

interface CardProps {
  title: string;
  figure: string;
  place: { to: Path; search?: object };
  children: ReactNode;
}

function Card({ title, figure, place, children }: CardProps) {
  return (
    <article className="panel fleet-card">
      <PageLink to={place.to} search={place.search ?? {}} className="fleet-card-head">
        <span className="fleet-card-title">{title}</span>
        <span className="fleet-card-figure numbers">{figure}</span>
      </PageLink>
      <div className="fleet-card-parts">{children}</div>
    </article>
  );
}

interface PartProps {
  place: { to: Path; search: object };
  figure: number;
  /** There may be more. */
  atLeast?: boolean;
  children: ReactNode;
}

const Part = ({ place, figure, atLeast = false, children }: PartProps) => (
  <PageLink to={place.to} search={place.search} className="fleet-part">
    <strong className="numbers">
      {count(figure)}
      {atLeast ? "+" : ""}
    </strong>{" "}
    {children}
  </PageLink>
);

function ClustersCard({ clusters }: { clusters: readonly ClusterInFleet[] }) {
  const states = countStates(clusters);
  return (
    <Card title="Clusters" figure={count(clusters.length)} place={{ to: "/clusters" }}>
      {STATES.filter((state) => states[state] > 0).map((state) => (
        <Part key={state} place={{ to: "/clusters", search: { state } }} figure={states[state]}>
          <ClusterStateBadge state={state} />
        </Part>
      ))}
    </Card>
  );
}

function AlertsCard({ firing: { by, atLeast, held } }: Omit<CardsProps, "clusters">) {
  const all = by && by.CRITICAL + by.WARNING + by.INFO;
  const figure = all === undefined ? "–" : `${count(all)}${atLeast.size > 0 ? "+" : ""}`;
  return (
    <Card title="Alerts firing" figure={figure} place={{ to: "/alerts", search: heard() }}>
      {by === undefined
        ? null
        : Object.values(Severity)
            .filter((severity) => severity === "CRITICAL" || by[severity] > 0)
            .map((severity) => (
              <Part
                key={severity}
                place={{ to: "/alerts", search: heard({ severity }) }}
                figure={by[severity]}
                atLeast={atLeast.has(severity)}
              >
                <SeverityBadge severity={severity} />
              </Part>
            ))}
      {held !== undefined && held > 0 ? (
        <span className="fleet-part" title="They fire too, but are silenced or inhibited; not counted above.">
          <strong className="numbers">{count(held)}</strong>{" "}
          <Badge tone="neutral" icon={BellSlashIcon}>
            Held back
          </Badge>
        </span>
      ) : null}
    </Card>
  );
}

function HealthCard({ clusters }: { clusters: readonly ClusterInFleet[] }) {
  const { mean, scored } = meanScore(clusters);
  const worst = clusters.reduce<ClusterInFleet | undefined>(
    (low, each) => ((each.health_score ?? 101) < (low?.health_score ?? 101) ? each : low),
    undefined,
  );
  return (
    <Card
      title="Mean health"
      figure={mean === null ? "–" : `${Math.floor(mean)} / 100`}
      place={{ to: "/clusters", search: { sort: "health_score" } }}
    >
      <span className="quiet numbers">
        {mean === null ? "No cluster has been checked yet" : `of ${plural(scored, "checked cluster")}`}
      </span>
      {worst !== undefined && worst.health_score !== null && worst.health_score < 100 ? (
        <span className="fleet-part-long">
          lowest: <PageLink to={`/clusters/${worst.id}`}>{worst.name}</PageLink>, {worst.health_score}
        </span>
      ) : null}
    </Card>
  );
}

const COUNTED = ["CLUSTER_REGISTERED", "CLUSTER_DELETED", "CLUSTER_CAPABILITIES_CHANGED"];

function GpuCard() {
  const asOf = useAsOf();
  const { data } = useGetFleetSummary(asOf, { query: { placeholderData: keepPreviousData } });
  useRefreshOn({ types: COUNTED, enabled: asOf.as_of === undefined }, ["/api/v1/fleet/summary"], 1_000);
  const { gpu_count: gpus, gpu_clusters: on, node_count: nodes } = data ?? {};
  return (
    <Card title="GPUs" figure={gpus == null ? "–" : count(gpus)} place={{ to: "/clusters", search: { gpu: "true" } }}>
      <span className="quiet numbers">
        {data === undefined ? "" : gpus == null ? "Not known: no cluster was looked into yet" : `on ${plural(on ?? 0, "cluster")}`}
      </span>
      {nodes == null ? null : <span className="quiet numbers">{plural(nodes, "node")} in all</span>}
    </Card>
  );
}
