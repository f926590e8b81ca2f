import { Badge, SeverityBadge } from "@/components/badges";
import { entityOfPlace, formatEntity, nameInList, kindInWords, type Thing } from "@/components/neighbourhood/entity";
import { Group, Item } from "@/components/neighbourhood/group";
import { EventsAbout } from "@/components/neighbourhood/groups/events";
import { NearLink } from "@/components/neighbourhood/near-link";
import { alertPage, pageOf } from "@/components/neighbourhood/open";
import { Failure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { useGetIncident, useListIncidentSignals } from "@/generated/api";
import type { IncidentDetail, SignalView } from "@/generated/api.schemas";
import { capitalised, plural, title } from "@/lib/format";
import { ApiError } from "@/lib/http";
import { useAsOf } from "@/lib/moment";
import { FireIcon } from "@patternfly/react-icons";

const MOST = 100;

/** The places that an incident's signals name, and its alerts. */
export function AroundIncident({ id }: { id: string }) {
  const asOf = useAsOf();
  const { data, error, refetch } = useGetIncident(id, asOf);
  if (data !== undefined) return <Known incident={data} />;
  if (error instanceof ApiError && error.status === 404) {
    return <p>{asOf.as_of === undefined ? "There is no such incident, or it is about clusters that you do not see." : "Nothing of this incident was known at that instant."}</p>;
  }
  return error ? <Failure error={error} what="The incident" onRetry={() => void refetch()} /> : <Loading label="Loading the incident" />;
}

function Known({ incident }: { incident: IncidentDetail }) {
  const { id, severity, state, opened_at, clusters, signals } = incident;
  const asked = useListIncidentSignals(id, { page_size: MOST, ...useAsOf() });
  const cut = ({ total }: { total: number }) => (total > MOST ? <p className="hint">Of the first {MOST} of its signals.</p> : null);
  const names = new Map(clusters.map((cluster) => [cluster.id, cluster.name ?? cluster.id.slice(0, 8)]));
  return (
    <>
      <div className="near-badges">
        <SeverityBadge severity={severity} />
        <Badge tone="neutral" icon={FireIcon}>
          {title(state)}
        </Badge>
        <span className="quiet">
          {plural(signals, "signal")}, opened <Ago at={opened_at} />
        </span>
      </div>
      <Group
        title="Where it is"
        asked={asked}
        none="Its signals name no place."
        items={({ items }) => placesOf(items).map(({ thing, times }) => <Place key={formatEntity(thing)} thing={thing} times={times} cluster={clusters.length > 1 ? names.get(thing.cluster) : undefined} />)}
        foot={cut}
      />
      <section className="near-group" aria-label="Clusters">
        <h3>{clusters.length === 1 ? "Cluster" : "Clusters"}</h3>
        <p className="near-links">
          {clusters.map((cluster) => (
            <NearLink key={cluster.id} to={{ kind: "cluster", cluster: cluster.id }}>
              {names.get(cluster.id)}
            </NearLink>
          ))}
        </p>
      </section>
      <Group
        title="Alerts in it"
        asked={asked}
        none="None of its signals is an alert."
        items={({ items }) => items.filter(({ kind }) => kind === "ALERT").map((signal) => <Signal key={signal.id} signal={signal} />)}
        foot={cut}
      />
      <EventsAbout of={{ kind: "incident", id }} entity={["incident", id]} />
    </>
  );
}

/** Every thing that signals name, by how many do. */
export function placesOf(signals: readonly SignalView[]): { thing: Thing; times: number }[] {
  const found = new Map<string, { thing: Thing; times: number }>();
  for (const { where, cluster_id } of signals) {
    // A clock and its node are the same thing to stand beside.
    const things = where.flatMap((place) => entityOfPlace(place, cluster_id) ?? []);
    for (const [key, thing] of new Map(things.map((each) => [formatEntity(each), each]))) {
      found.set(key, { thing, times: (found.get(key)?.times ?? 0) + 1 });
    }
  }
  return [...found.values()].toSorted((a, b) => b.times - a.times);
}

function Place({ thing, times, cluster }: { thing: Thing; times: number; cluster: string | undefined }) {
  return (
    <Item
      to={thing}
      open={pageOf(thing)}
      kind={capitalised(kindInWords(thing))}
      name={thing.kind === "cluster" ? "as a whole" : nameInList(thing)}
      note={`${cluster === undefined ? "" : `in ${cluster}, `}${plural(times, "signal")}`}
    />
  );
}

function Signal({ signal: { id, name, severity, started_at, ended_at } }: { signal: SignalView }) {
  return (
    <Item
      to={{ kind: "alert", id }}
      open={alertPage(id)}
      name={name}
      badge={<SeverityBadge severity={severity} />}
      note={
        <>
          began <Ago at={started_at} />
          {ended_at === null ? null : ", has ended"}
        </>
      }
    />
  );
}
