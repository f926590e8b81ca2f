import { SeverityBadge } from "@/components/badges";
import { useClusterNaming } from "@/components/cluster-names";
import { At } from "@/components/timestamp";
import { MOST_TOLD } from "@/features/settings/rules/rehearsed-words";
import type { RehearsedIncident } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

interface RehearsedListProps {
  title: string;
  /** What it says where there are none. */
  none: string;
  incidents: readonly RehearsedIncident[];
  said: (incident: RehearsedIncident) => string;
}

/** Incidents on one side of the comparison, each with what it has to do with the other side. */
export function RehearsedList({ title, none, incidents, said }: RehearsedListProps) {
  const names = useClusterNaming(2);
  return (
    <section aria-label={title}>
      <h3>
        {title} <span className="quiet numbers">{incidents.length >= MOST_TOLD ? `the ${MOST_TOLD} largest` : incidents.length}</span>
      </h3>
      {incidents.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        <ol className="plain rehearsal-list" tabIndex={0} aria-label={`${title}: incidents`}>
          {incidents.map((incident, index) => (
            <li key={`${incident.opened_at} ${incident.title} ${index}`}>
              <div className="rehearsal-title">
                <SeverityBadge severity={incident.severity} />
                <strong>{incident.title}</strong>
              </div>
              <div>{said(incident)}</div>
              <div className="hint">
                {plural(incident.signals, "signal")} · {names(incident.cluster_ids)} · <At at={incident.opened_at} />
              </div>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
