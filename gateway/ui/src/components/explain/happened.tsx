import { useQuery } from "@tanstack/react-query";

import type { Window } from "@/components/explain/differences";
import { ExplainPart } from "@/components/explain/explain-part";
import { InlineFailure, Loading } from "@/components/states";
import { listEvents } from "@/generated/api";
import type { EventRecord } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { useAsOf, useClock } from "@/lib/moment";
import { PageLink } from "@/lib/place";

/** Of the cluster; those of other things are among them. */
const MOST_READ = 1_000;
const MOST_TOLD = 8;

interface HappenedProps extends ToldProps {
  /** Which events are read, as the API has it. */
  of: { event_type: readonly string[]; cluster_id: string; entity_type?: string; entity_id?: string };
  window: Window;
}

interface ToldProps {
  /** Which of those that were read are meant. */
  isMeant: (event: EventRecord) => boolean;
  inWords: (event: EventRecord) => string;
  /** Of what they are: `this GPU`. */
  whose: string;
  /** Of what those are that were read: `GPUs`. */
  what: string;
}

/** What the log tells of it in the window, the latest first. */
export function Happened({ of, window, ...told }: HappenedProps) {
  const params = {
    ...of,
    from: new Date(window.start).toISOString(),
    to: new Date(window.end).toISOString(),
    order: "desc",
    limit: MOST_READ,
    ...useAsOf(),
  } as const;
  const { data, error } = useQuery({
    queryKey: ["/api/v1/events", "happened", params],
    queryFn: ({ signal }) => listEvents({ ...params, event_type: [...params.event_type] }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <ExplainPart title="What happened in that time">
      {error ? <InlineFailure error={error} what="The events could not be read" /> : null}
      {data !== undefined ? (
        <Told events={data.items} isCut={data.next_cursor !== null} {...told} />
      ) : error ? null : (
        <Loading lines={2} label="Loading the events" />
      )}
    </ExplainPart>
  );
}

interface Read {
  events: readonly EventRecord[];
  /** There are more than were read. */
  isCut: boolean;
}

function Told({ events: all, isCut, isMeant, inWords, whose, what }: Read & ToldProps) {
  const clock = useClock();
  const events = all.filter(isMeant);
  const left = events.length - MOST_TOLD;
  if (events.length === 0) {
    return <p>{isCut ? `Of the newest ${count(MOST_READ)} events of ${what} of the cluster none is of ${whose}.` : `The log tells of no event of ${whose}.`}</p>;
  }
  return (
    <>
      <ol className="explain-happened" aria-label="Events, the latest first">
        {events.slice(0, MOST_TOLD).map((event) => (
          <li key={event.event_id}>
            <time dateTime={event.timestamp} className="numbers quiet" title={clock(event.timestamp)}>
              {clock(event.timestamp).slice(11)}
            </time>
            <span>
              {inWords(event)}{" "}
              {event.sequence === null ? null : (
                <PageLink to="/events" search={{ event: event.sequence }}>
                  event {event.sequence}
                </PageLink>
              )}
            </span>
          </li>
        ))}
      </ol>
      {left > 0 ? <p className="hint">and {isCut ? `at least ${plural(left, "earlier one")}` : plural(left, "earlier one")}</p> : null}
    </>
  );
}
