/** Why an event came about and what it led to: one line downwards, the oldest on top. */

import { useListEvents } from "@/generated/api";
import type { EventCauses } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch } from "@/lib/place";
import { useRights } from "@/lib/rights";

import { TypeBadge } from "@/features/events/columns";
import type { LogEvent } from "@/features/events/event";
import { delta } from "@/features/events/delta";
import { summary } from "@/features/events/summary";

const ALIKE = 20;

export function Chain({ of }: { of: EventCauses }) {
  const { as_of } = useAsOf();
  const { event, causes } = of;
  // What had not happened yet then is not told of the past.
  const effects = of.effects.filter(
    ({ logged_at, timestamp }) => as_of === undefined || Date.parse(logged_at ?? timestamp) <= Date.parse(as_of),
  );
  const known = new Set([event, ...causes, ...effects].map(({ sequence }) => sequence));
  const { data } = useListEvents({ correlation_id: event.correlation_id, limit: ALIKE, ...useAsOf() });
  const beside = data?.items.filter(({ sequence }) => !known.has(sequence)) ?? [];
  const root = causes[0] ?? event;
  return (
    <section>
      <h3>Causes and effects</h3>
      <ol className="events-chain">
        <Origin id={root.causation_id} actor={root.actor} />
        {causes.map((each) => (
          <Step key={each.event_id} event={each} from={event} />
        ))}
        <Step event={event} from={event} isThis />
        {effects.map((each) => (
          <Step key={each.event_id} event={each} from={event} />
        ))}
      </ol>
      {effects.length === 0 ? <p className="hint">Nothing has followed from it{as_of ? " by then" : " so far"}.</p> : null}
      {of.truncated ? <p className="hint">Only the first {plural(of.effects.length, "effect")} are shown.</p> : null}
      {beside.length > 0 ? (
        <>
          <h4>Of the same origin</h4>
          <ol className="events-chain">
            {beside.map((each) => (
              <Step key={each.event_id} event={each} from={event} />
            ))}
          </ol>
          {data?.next_cursor ? <p className="hint">More are in “Everything of this correlation”.</p> : null}
        </>
      ) : null}
    </section>
  );
}

/** What was there before any event: a command, or the platform's own work. */
function Origin({ id, actor }: { id: string; actor: string }) {
  const { rules } = useRights();
  const own = actor.startsWith("service:");
  return (
    <li className="events-step is-origin">
      <div className="events-step-head">
        {own ? `Found by the platform itself (${actor.slice("service:".length)})` : `Asked for by ${actor}`}
      </div>
      {!own && rules ? (
        <PageLink to="/operations" search={{ tab: "commands", command: id }}>
          Outcome of command {id.slice(0, 8)}
        </PageLink>
      ) : null}
    </li>
  );
}

interface StepProps {
  event: LogEvent;
  /** The event that times are counted from. */
  from: LogEvent;
  isThis?: boolean;
}

function Step({ event, from, isThis = false }: StepProps) {
  const search = useSearch();
  return (
    <li className={isThis ? "events-step is-this" : "events-step"} aria-current={isThis ? "true" : undefined}>
      <div className="events-step-head">
        {isThis ? (
          <TypeBadge event={event} />
        ) : (
          <PageLink to="/events" search={{ ...search, event: event.sequence }}>
            <TypeBadge event={event} />
          </PageLink>
        )}
        <span className="quiet numbers">
          {isThis ? "this event" : delta(Date.parse(event.timestamp) - Date.parse(from.timestamp))}
        </span>
      </div>
      <div className="hint">
        {event.cluster_name ? `${event.cluster_name}: ` : ""}
        {summary(event)}
      </div>
    </li>
  );
}
