import { Badge } from "@/components/badges";
import type { Column } from "@/components/data-table";
import { useClock } from "@/lib/moment";
import { PageLink } from "@/lib/place";

import { entityName, entityOf, type LogEvent } from "@/features/events/event";
import { lookOf } from "@/features/events/names";
import { summary } from "@/features/events/summary";

/** Words and shape of an event's type; its exact name on hover. */
export function TypeBadge({ event }: { event: Pick<LogEvent, "event_type" | "payload"> }) {
  const [said, tone, icon] = lookOf(event);
  return (
    <span className="events-type" title={event.event_type}>
      <Badge tone={tone} icon={icon}>
        {said}
      </Badge>
    </span>
  );
}

export function ClusterName({ event }: { event: LogEvent }) {
  const { cluster_id, cluster_name } = event;
  if (cluster_id === null) return <span className="quiet">–</span>;
  return <PageLink to={`/clusters/${cluster_id}`}>{cluster_name ?? cluster_id.slice(0, 8)}</PageLink>;
}

/** To the millisecond; the date steps back, as most rows have the same, and goes where there is no room. */
export function EventTime({ at }: { at: string }) {
  const said = useClock()(at, "ms");
  const [date, time, zone] = said.split(" ");
  return (
    <time dateTime={at} title={said} className="numbers">
      <span className="events-date quiet">{date} </span>
      {time?.slice(0, 8)}
      <span className="events-ms quiet">{time?.slice(8)}</span>
      {zone === undefined ? null : <span className="events-date quiet"> {zone}</span>}
    </time>
  );
}

const service = (path: string) => path.replace("/services/", "");

/** Time, type and summary are what one reads; the rest comes as there is room. */
export const COLUMNS: readonly Column<LogEvent>[] = [
  {
    id: "sequence",
    header: "Seq.",
    width: "3.5rem",
    from: 60,
    align: "end",
    cell: ({ sequence }) => <span className="numbers quiet">{sequence}</span>,
  },
  {
    id: "time",
    header: "Time",
    width: "var(--events-time)",
    cell: ({ timestamp }) => <EventTime at={timestamp} />,
  },
  {
    id: "type",
    header: "Type",
    width: "var(--events-type)",
    cell: (event) => <TypeBadge event={event} />,
  },
  {
    id: "cluster",
    header: "Cluster",
    width: "minmax(5rem, 7rem)",
    from: 60,
    cell: (event) => <ClusterName event={event} />,
  },
  {
    id: "summary",
    header: "What happened",
    width: "minmax(0, 3fr)",
    cell: (event) => (
      <span title={summary(event)}>
        {event.cluster_name ? <span className="events-where quiet">{event.cluster_name}: </span> : null}
        {summary(event)}
      </span>
    ),
  },
  {
    id: "entity",
    header: "Entity",
    width: "minmax(7rem, 1fr)",
    from: 75,
    cell: (event) => {
      const entity = entityOf(event);
      return entity ? <span title={`${entity.type} ${entity.id}`}>{entityName(event)}</span> : null;
    },
  },
  {
    id: "actor",
    header: "Actor",
    width: "minmax(6rem, 9rem)",
    from: 75,
    cell: ({ actor, source }) => <span title={`By ${actor}, told by ${service(source)}`}>{actor}</span>,
  },
  {
    id: "source",
    header: "Source",
    width: "5.5rem",
    from: 75,
    cell: ({ source }) => <span className="quiet">{service(source)}</span>,
  },
];

/** Of health checks, which have no place in the log. */
export const TELEMETRY_COLUMNS = COLUMNS.filter(({ id }) => ["time", "cluster", "summary"].includes(id)).map(
  (column) => (column.id === "cluster" ? { ...column, from: undefined } : column),
);
