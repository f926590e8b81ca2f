import { AlertStateBadge, SeverityBadge } from "@/components/badges";
import { Facts } from "@/components/facts";
import { logqlOf, promqlOf } from "@/components/neighbourhood/alert-queries";
import { entitiesOfLabels, nameInList, kindInWords, type Thing } from "@/components/neighbourhood/entity";
import { Item } from "@/components/neighbourhood/group";
import { EventsAbout } from "@/components/neighbourhood/groups/events";
import { AlertsOn, AnomaliesOn, IncidentsOn } from "@/components/neighbourhood/groups/signals";
import { Ways } from "@/components/neighbourhood/groups/ways";
import { EntityName } from "@/components/neighbourhood/name";
import { NearLink } from "@/components/neighbourhood/near-link";
import { pageOf } from "@/components/neighbourhood/open";
import { aroundStart } from "@/components/neighbourhood/queries";
import { Failure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { useGetAlert } from "@/generated/api";
import type { AlertView } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useAsOf, useNow } from "@/lib/moment";
import { capitalised } from "@/lib/format";

/** What an alert names, what it belongs to, and what else is wrong there. */
export function AroundAlert({ id }: { id: string }) {
  const asOf = useAsOf();
  const { data, error, refetch } = useGetAlert(id, asOf);
  if (data !== undefined) return <Known alert={data} />;
  if (error instanceof ApiError && error.status === 404) {
    return <p>{asOf.as_of === undefined ? "This alert is not known: it is older than what the hub keeps." : "This alert had not begun at the instant that is shown."}</p>;
  }
  return error ? <Failure error={error} what="The alert" onRetry={() => void refetch()} /> : <Loading label="Loading the alert" />;
}

function Known({ alert }: { alert: AlertView }) {
  const now = useNow(60_000);
  const { labels, cluster_id, incident_id, starts_at } = alert;
  const things = entitiesOfLabels(labels, cluster_id);
  const [nearest] = things;
  const subject = nearest ?? ({ kind: "cluster", cluster: cluster_id } as const);
  return (
    <>
      <div className="near-badges">
        <SeverityBadge severity={alert.severity} />
        <AlertStateBadge state={alert.state} silenced={alert.silenced} inhibited={alert.inhibited} />
        <span className="quiet">
          since <Ago at={starts_at} />
        </span>
      </div>
      <Facts
        of={[
          ["Says", alert.annotations["summary"] ?? alert.annotations["description"]],
          ["Incident", incident_id ? <NearLink to={{ kind: "incident", id: incident_id }}><EntityName of={{ kind: "incident", id: incident_id }} /></NearLink> : "it belongs to none"],
        ]}
      />
      <section className="near-group" aria-label="What it is about">
        <h3>What it is about</h3>
        <ul className="plain near-items">
          {things.map((thing) => (
            <Named key={thing.kind} thing={thing} cluster={alert.cluster_name} />
          ))}
        </ul>
      </section>
      <Ways
        thing={subject}
        range={aroundStart(starts_at, now)}
        when="when it began, ± 30 min"
        more={[["Its rule", promqlOf(alert)]]}
        logs={logqlOf(alert)}
      />
      <AlertsOn thing={subject} but={alert.id} title={`Other alerts on this ${kindInWords(subject)}`} />
      {incident_id ? null : <IncidentsOn thing={subject} />}
      <AnomaliesOn thing={subject} />
      <EventsAbout of={{ kind: "alert", id: alert.id }} entity={["alert", alert.fingerprint]} cluster={cluster_id} />
    </>
  );
}

function Named({ thing, cluster }: { thing: Thing; cluster: string | null }) {
  const name = thing.kind === "cluster" ? (cluster ?? thing.cluster.slice(0, 8)) : nameInList(thing);
  return <Item to={thing} open={pageOf(thing)} kind={capitalised(kindInWords(thing))} name={name} />;
}
