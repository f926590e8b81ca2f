import { Button } from "@patternfly/react-core";

import type { Column } from "@/components/data-table";
import { ClusterName, EventTime, TypeBadge } from "@/features/events/columns";
import type { LogEvent } from "@/features/events/event";
import { summary } from "@/features/events/summary";

/** Whose doing it was: what happens at a door is told by the gateway, of somebody. */
function whoOf({ event_type, actor, payload }: LogEvent): string {
  const named = payload?.[event_type === "LOGINS_FAILED" ? "address" : "user"];
  return typeof named === "string" ? named : actor;
}

/** What happened says by itself who it was. */
const isTold = (event: LogEvent): boolean => event.payload !== null && ("user" in event.payload || "address" in event.payload);

function Who({ event, onActor }: { event: LogEvent; onActor: (actor: string) => void }) {
  const who = whoOf(event);
  if (who !== event.actor) return <span title={`Told by ${event.actor}`}>{who}</span>;
  return (
    <Button variant="link" isInline title={`Only what ${who} did`} onClick={() => onActor(who)}>
      {who}
    </Button>
  );
}

/** When, who, what and where; `onActor`: whose doings alone are to be shown. */
export const columnsFor = (onActor: (actor: string) => void): readonly Column<LogEvent>[] => [
  {
    id: "time",
    header: "Time",
    width: "var(--events-time)",
    cell: ({ timestamp }) => <EventTime at={timestamp} />,
  },
  {
    id: "actor",
    header: "Who",
    width: "minmax(5rem, 9rem)",
    from: 30,
    cell: (event) => <Who event={event} onActor={onActor} />,
  },
  {
    id: "type",
    header: "Type",
    width: "var(--events-type)",
    cell: (event) => <TypeBadge event={event} />,
  },
  {
    id: "summary",
    header: "What they did",
    width: "minmax(0, 3fr)",
    cell: (event) => (
      <span title={summary(event)}>
        {isTold(event) ? null : <span className="audit-who quiet">{event.actor}: </span>}
        {event.cluster_name ? <span className="events-where quiet">{event.cluster_name}: </span> : null}
        {summary(event)}
      </span>
    ),
  },
  {
    id: "cluster",
    header: "Cluster",
    width: "minmax(6rem, 9rem)",
    from: 60,
    cell: (event) => <ClusterName event={event} />,
  },
];
