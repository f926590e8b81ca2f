import { Button, Spinner } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";

import { SeverityBadge } from "@/components/badges";
import { Places } from "@/components/neighbourhood/places";
import { Ago, At } from "@/components/timestamp";
import { IncidentStateBadge } from "@/features/incidents/shared/state-badge";
import { clusterName, doer, shareInWords } from "@/features/incidents/shared/words";
import type { IncidentDetail } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useNow } from "@/lib/moment";
import { PageLink } from "@/lib/place";
import { lasting as inWords } from "@/lib/time";

const FEW = 4;

/** The way back to the list. */
export function Trail() {
  return (
    <nav className="incidents-trail" aria-label="Where this is">
      <PageLink to="/incidents">Incidents</PageLink> <span aria-hidden>›</span>
    </nav>
  );
}

/** How bad it is, what is done about it, and how long it lasts; `isPending`: that is not sure yet. */
export function Subtitle({ incident, isPending }: { incident: IncidentDetail; isPending: boolean }) {
  const now = useNow(10_000);
  const { severity, state, opened_at, resolved_at } = incident;
  const until = resolved_at === null ? now : Date.parse(resolved_at);
  return (
    <div className="incidents-subtitle" aria-live="polite">
      <SeverityBadge severity={severity} />
      <IncidentStateBadge state={state} />
      {isPending ? (
        <span className="incidents-pending">
          <Spinner size="sm" aria-label="Not sure yet" /> being written …
        </span>
      ) : null}
      <span className="numbers">
        {state === "RESOLVED" ? "lasted" : "for"} {inWords(until - Date.parse(opened_at))}
      </span>
    </div>
  );
}

/** What is known of it in figures and names. */
export function Head({ incident }: { incident: IncidentDetail }) {
  const { signals, lasting, where, opened_at, last_signal_at } = incident;
  return (
    <dl className="panel incidents-facts">
      <Fact name="Signals">
        <span className="numbers">
          <strong>{count(signals)}</strong>, {shareInWords(signals, lasting)}
        </span>
      </Fact>
      <Fact name="Clusters" isWide={incident.clusters.length > 1}>
        <Clusters incident={incident} />
      </Fact>
      {where.length > 0 ? <Fact name="Most of it is on">{<Places places={where.slice(0, 3)} cluster={incident.clusters.length === 1 ? incident.clusters[0]!.id : undefined} />}</Fact> : null}
      <Fact name="Opened">
        <At at={opened_at} />
      </Fact>
      <Fact name="Last signal">
        <Ago at={last_signal_at} />
      </Fact>
      <Who incident={incident} />
    </dl>
  );
}

function Fact({ name, isWide = false, children }: { name: string; isWide?: boolean; children: ReactNode }) {
  return (
    <div className={isWide ? "is-wide" : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Clusters({ incident: { clusters } }: { incident: IncidentDetail }) {
  const [all, setAll] = useState(false);
  const shown = all || clusters.length <= FEW + 1 ? clusters : clusters.slice(0, FEW);
  return (
    <span className="incidents-links">
      {shown.map((cluster) => (
        <PageLink key={cluster.id} to={`/clusters/${cluster.id}`}>
          {clusterName(cluster)}
        </PageLink>
      ))}
      {shown.length < clusters.length ? (
        <Button variant="link" isInline onClick={() => setAll(true)}>
          and {count(clusters.length - shown.length)} more
        </Button>
      ) : null}
    </span>
  );
}

function Who({ incident }: { incident: IncidentDetail }) {
  const { state, acknowledged_by, acknowledged_at, resolved_by, resolved_at } = incident;
  if (state === "RESOLVED") {
    return (
      <Fact name="Resolved">
        {resolved_by === null ? "by itself, all of it had ended, " : `by ${doer(resolved_by)}, `}
        <Ago at={resolved_at} />
      </Fact>
    );
  }
  return (
    <Fact name="Who works on it">
      {acknowledged_by === null ? (
        <span className="quiet">nobody yet</span>
      ) : (
        <>
          {doer(acknowledged_by)}, since <Ago at={acknowledged_at} />
        </>
      )}
    </Fact>
  );
}
