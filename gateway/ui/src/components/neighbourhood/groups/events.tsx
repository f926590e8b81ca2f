import { useQuery } from "@tanstack/react-query";

import type { Entity, Thing } from "@/components/neighbourhood/entity";
import { isAbout } from "@/components/neighbourhood/event-about";
import { Group, Item } from "@/components/neighbourhood/group";
import { Ago } from "@/components/timestamp";
import { getListEventsUrl, listEvents } from "@/generated/api";
import type { EventRecord, ListEventsParams } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { resolveRange, useAsOf, useRange } from "@/lib/moment";
import { whatHappened } from "@/lib/what-happened";

/** Of a cluster, among which those about one of its things are looked for. */
const MOST_READ = 300;
/** Of what the log has as an entity of its own. */
const FEW_READ = 30;
const EVERY_MS = 30_000;

interface EventsProps {
  of: Entity;
  /** As the log calls it: `gpu` and its UUID; without it, those are looked for among all of the cluster. */
  entity?: readonly [type: string, id: string] | undefined;
  cluster?: string | undefined;
}

/** What happened to it in the time range of the page, the newest first. */
export function EventsAbout({ of, entity, cluster }: EventsProps) {
  const range = useRange();
  const { as_of } = useAsOf();
  const subject = { ...(cluster === undefined ? {} : { cluster_id: cluster }), ...(entity === undefined ? {} : { entity_type: entity[0], entity_id: entity[1] }) };
  const limit = entity === undefined ? MOST_READ : FEW_READ;
  const asked = useQuery({
    queryKey: [getListEventsUrl(), "near", subject, range, as_of],
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(range, as_of === undefined ? Date.now() : Date.parse(as_of));
      const between = { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
      const params: ListEventsParams = { ...subject, ...between, order: "desc", limit, ...(as_of === undefined ? {} : { as_of }) };
      return listEvents(params, { signal });
    },
    refetchInterval: as_of === undefined ? EVERY_MS : false,
  });
  const isMeant = (event: EventRecord) => entity !== undefined || !("cluster" in of) || isAbout(event, of);
  const isSifted = entity === undefined && of.kind !== "cluster";
  return (
    <Group
      title="What happened"
      asked={asked}
      none={asked.data?.next_cursor && isSifted ? `None of the newest ${count(MOST_READ)} events of its cluster.` : "Nothing in the time range."}
      items={({ items }) => items.filter(isMeant).map((event) => <OneEvent key={event.event_id} event={event} />)}
      foot={({ items, next_cursor }) =>
        next_cursor !== null && items.some(isMeant) ? (
          <p className="hint">{isSifted ? `Of the newest ${count(limit)} events of its cluster.` : `The newest ${plural(limit, "event")}.`}</p>
        ) : null
      }
    />
  );
}

function OneEvent({ event }: { event: EventRecord }) {
  const { sequence, timestamp } = event;
  return (
    <Item
      name={whatHappened({ ...event, cluster_name: null })}
      open={sequence === null ? undefined : { to: "/events", search: { event: sequence, near: undefined }, says: "Open" }}
      note={<Ago at={timestamp} />}
    />
  );
}

/** As the log calls a thing that it has as an entity of its own. */
export const loggedAs = (thing: Thing): readonly [string, string] | undefined => (thing.kind === "gpu" ? ["gpu", thing.name] : undefined);
