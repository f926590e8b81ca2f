import { BellSlashIcon } from "@patternfly/react-icons";

import { Badge, ClusterStateBadge, SeverityBadge } from "@/components/badges";
import { Card, Part } from "@/features/fleet/card";
import { heard, type Firing } from "@/features/fleet/firing";
import { GpuCard } from "@/features/fleet/gpu-card";
import { countStates, meanScore, STATES } from "@/features/fleet/health";
import { useIncidents } from "@/features/fleet/incidents";
import { Severity, type ClusterInFleet } from "@/generated/api.schemas";
import { OPEN_INCIDENTS } from "@/lib/counted";
import { count, plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

interface CardsProps {
  clusters: readonly ClusterInFleet[];
  firing: Firing;
}

/** The fleet in figures; each leads to the list that it counts. */
export function Cards({ clusters, firing }: CardsProps) {
  return (
    <section className="fleet-cards" aria-label="The fleet in figures">
      <ClustersCard clusters={clusters} />
      <IncidentsCard />
      <AlertsCard firing={firing} />
      <HealthCard clusters={clusters} />
      <GpuCard />
    </section>
  );
}

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

function IncidentsCard() {
  const { data } = useIncidents();
  return (
    <Card title="Open incidents" figure={data === undefined ? "–" : count(data.total)} place={{ to: "/incidents", search: OPEN_INCIDENTS }}>
      {data === undefined
        ? null
        : Object.values(Severity)
            .filter((severity) => severity === "CRITICAL" || data.by_severity[severity] > 0)
            .map((severity) => (
              <Part key={severity} place={{ to: "/incidents", search: { severity } }} figure={data.by_severity[severity]}>
                <SeverityBadge severity={severity} />
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
      figure={mean === null ? "–" : `${Math.floor(mean)}`}
      place={{ to: "/clusters", search: { sort: "health_score" } }}
    >
      <span className="quiet numbers">
        {mean === null ? "No cluster has been checked yet" : `of 100, in ${plural(scored, "checked cluster")}`}
      </span>
      {worst !== undefined && worst.health_score !== null && worst.health_score < 100 ? (
        <span className="fleet-part-long">
          lowest: <PageLink to={`/clusters/${worst.id}`}>{worst.name}</PageLink>, {worst.health_score}
        </span>
      ) : null}
    </Card>
  );
}
