import { CopyMenu } from "@/components/copy-menu";
import { Drawer } from "@/components/drawer";
import { Facts } from "@/components/facts";
import { JsonTree } from "@/components/json-tree";
import { entitiesOfEvent } from "@/components/neighbourhood/event-about";
import { NearButton } from "@/components/neighbourhood/near-link";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { Ago, At } from "@/components/timestamp";
import { useGetEventCauses } from "@/generated/api";
import { ApiError } from "@/lib/http";
import { title } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch } from "@/lib/place";

import { Chain } from "@/features/events/chain";
import { ClusterName, TypeBadge } from "@/features/events/columns";
import { entityOf, type LogEvent } from "@/features/events/event";
import { Moment } from "@/features/events/moment-links";
import type { EventsSearch } from "@/features/events/search";
import { summary } from "@/features/events/summary";
import { SubjectLinks } from "@/features/events/subject-links";

interface EventDrawerProps {
  sequence: number;
  /** As the list has it, shown until its causes are there too. */
  known: LogEvent | undefined;
  onClose: () => void;
}

/** One event: what it says, why it came about, and what to look at next. */
export function EventDrawer({ sequence, known, onClose }: EventDrawerProps) {
  const { as_of } = useAsOf();
  const causes = useGetEventCauses(sequence, {
    // What it leads to comes later.
    query: { refetchInterval: as_of === undefined ? 10_000 : false },
  });
  const found = causes.data?.event.sequence === sequence ? causes.data : undefined;
  const event: LogEvent | undefined = found?.event ?? known;
  return (
    <Drawer label="Event" title={event ? <TypeBadge event={event} /> : `Event ${sequence}`} onClose={onClose}>
      {event ? (
        <div className="events-detail">
          <Told event={event} />
          {found ? (
            <Chain of={found} />
          ) : causes.error ? (
            <InlineFailure error={causes.error} what="Causes and effects could not be loaded" />
          ) : (
            <Loading />
          )}
          <Identity event={event} />
          <section>
            <h3>Payload</h3>
            {event.redacted ? (
              <p className="quiet">It is also about clusters that you do not see: what is theirs is left out.</p>
            ) : null}
            {event.payload === null ? (
              <p className="quiet">It has aged out of the log; what is above is kept.</p>
            ) : (
              <JsonTree of={event.payload} />
            )}
          </section>
        </div>
      ) : causes.error ? (
        <NotThere error={causes.error} sequence={sequence} onRetry={() => void causes.refetch()} />
      ) : (
        <Loading />
      )}
    </Drawer>
  );
}

function NotThere({ error, sequence, onRetry }: { error: Error; sequence: number; onRetry: () => void }) {
  if (error instanceof ApiError && error.status === 404) {
    return <p>The log has no event {sequence}, or it is of a cluster that is not yours.</p>;
  }
  return <Failure error={error} what="The event" onRetry={onRetry} />;
}

/** What one wants to know first: what, when, where, who. */
function Told({ event }: { event: LogEvent }) {
  const { as_of } = useAsOf();
  const at = event.logged_at ?? event.timestamp;
  const [around] = entitiesOfEvent(event);
  const isAhead = as_of !== undefined && Date.parse(at) > Date.parse(as_of);
  return (
    <>
      <p className="events-lead">{summary(event)}</p>
      {isAhead ? <p className="hint">It had not happened yet at the instant that is shown.</p> : null}
      <div className="toolbar">
        <SubjectLinks event={event} />
        {around === undefined ? null : <NearButton of={around} />}
        <CopyMenu request={{ path: `/api/v1/events/${event.sequence}` }} />
      </div>
      <Facts
        of={[
          [
            "Decided",
            <>
              <At at={event.timestamp} precision="ms" /> (<Ago at={event.timestamp} />)
            </>,
          ],
          ["Fleet then", <Moment key="then" at={at} />],
          ["Cluster", event.cluster_id === null ? undefined : <ClusterName event={event} />],
          ["Actor", event.actor],
        ]}
      />
    </>
  );
}

/** Its names, and all that shares one of them. */
function Identity({ event }: { event: LogEvent }) {
  const search = useSearch<EventsSearch>();
  const entity = entityOf(event);
  // Wide, as it may be about what began long ago; other filters would only hide some of it.
  const all = { from: "now-30d", to: undefined, event: search.event };
  const ofEntity = {
    ...all,
    entity_type: entity?.type,
    entity_id: entity?.id,
    cluster_id: event.cluster_id ?? undefined,
  };
  return (
    <section>
      <h3>Where it belongs</h3>
      <Facts
        of={[
          ["Sequence", <span key="sequence" className="numbers">{event.sequence}</span>],
          ["Type", <code key="name" className="events-id">{event.event_type}</code>],
          [
            "Entity",
            entity ? (
              <>
                {title(entity.type)} <code className="events-id">{entity.id}</code>
                <br />
                <PageLink to="/events" search={ofEntity}>
                  This entity's history
                </PageLink>
              </>
            ) : undefined,
          ],
          [
            "Correlation",
            <>
              <code className="events-id">{event.correlation_id}</code>
              <br />
              <PageLink to="/events" search={{ ...all, correlation_id: event.correlation_id }}>
                Everything of this correlation
              </PageLink>
            </>,
          ],
          ["Source", <code key="source" className="events-id">{event.source}</code>],
          ["Event ID", <code key="id" className="events-id">{event.event_id}</code>],
        ]}
      />
    </section>
  );
}
