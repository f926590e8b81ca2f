import { Skeleton } from "@patternfly/react-core";

import { SeverityBadge } from "@/components/badges";
import { useHolding } from "@/features/fleet/holding";
import { moreOf } from "@/features/fleet/incidents";
import { StoryCard } from "@/features/fleet/story/story-card";
import type { IncidentList } from "@/generated/api.schemas";
import { OPEN_INCIDENTS } from "@/lib/counted";
import { count, plural } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useLater } from "@/lib/later";
import { PageLink } from "@/lib/place";

const AWAITED = 3;

/** What matters most, told one by one, and how much more there is; they stand still under the pointer. */
export function Stories({ found }: { found: IncidentList }) {
  const holding = useHolding();
  const { rows, waiting } = useHeld(found.items, holding.held, ({ id }) => id);
  return (
    <>
      <ol className="stories" aria-label="Incidents, what matters most first" {...holding.props}>
        {rows.map((incident) => (
          <StoryCard key={incident.id} incident={incident} />
        ))}
      </ol>
      <MoreIncidents found={found} waiting={waiting} />
    </>
  );
}

function MoreIncidents({ found, waiting }: { found: IncidentList; waiting: number }) {
  const { total, by } = moreOf(found);
  if (total === 0 && waiting === 0) return null;
  return (
    <p className="stories-more">
      {total > 0 ? (
        <PageLink to="/incidents" search={OPEN_INCIDENTS} className="stories-more-all">
          {plural(total, "more incident")}
        </PageLink>
      ) : null}
      {by.map(([severity, times]) => (
        <PageLink key={severity} to="/incidents" search={{ severity: [severity] }} className="fleet-part">
          <strong className="numbers">{count(times)}</strong> <SeverityBadge severity={severity} />
        </PageLink>
      ))}
      <span className="quiet" aria-live="polite">
        {waiting > 0 ? `${waiting} new, shown when you leave the list` : ""}
      </span>
    </p>
  );
}

/** As high as stories are, so that what is below does not move when they come. */
export function StoriesToCome() {
  const late = useLater(200);
  return (
    <div className="stories" aria-busy="true">
      {Array.from({ length: AWAITED }, (_, at) => (
        <div key={at} className="story">
          {late ? (
            <div className="story-body">
              <Skeleton width="60%" screenreaderText={at === 0 ? "Loading what matters now" : ""} />
              <Skeleton width="45%" />
              <Skeleton width="80%" />
            </div>
          ) : null}
        </div>
      ))}
    </div>
  );
}
