/** What goes wrong with a thing: alerts, incidents and anomalies, as the hub knows of them. */

import { AnomalySeverityBadge } from "@/components/anomalies/badges";
import { anomalyTitle, seriesInWords } from "@/components/anomalies/words";
import { SeverityBadge } from "@/components/badges";
import { entitiesOfLabels, formatEntity, kindInWords, ownName, placeOf, WORKLOAD_LABELS, type Thing } from "@/components/neighbourhood/entity";
import { isWithin } from "@/components/neighbourhood/event-about";
import { Group, Item } from "@/components/neighbourhood/group";
import { alertPage } from "@/components/neighbourhood/open";
import { alertsOf, labelsOf } from "@/components/neighbourhood/queries";
import { Ago } from "@/components/timestamp";
import { useListAlerts, useListAnomalies, useListIncidents } from "@/generated/api";
import type { AlertList, AlertView, AnomalyView, IncidentList } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";
import { wholeTitle } from "@/lib/titles";

const MOST = 100;

type OfList = IncidentList["items"][number];

/** Whether an alert is on it, where the hub's own filters cannot tell. */
function isOn({ labels, cluster_id }: AlertView, thing: Thing): boolean {
  if (thing.kind !== "workload") return true;
  if (WORKLOAD_LABELS.some((name) => labels[name] === thing.name)) return true;
  return entitiesOfLabels(labels, cluster_id).some((each) => isWithin(each, thing));
}

/** The alerts that fire on it; `but`: not this one, which the panel stands around. */
export function AlertsOn({ thing, but, title = "Alerts that fire" }: { thing: Thing; but?: string; title?: string }) {
  const asked = useListAlerts({ ...alertsOf(thing), state: ["FIRING"], page_size: MOST, ...useAsOf() });
  const those = ({ items }: AlertList) => items.filter((alert) => alert.id !== but && isOn(alert, thing));
  return (
    <Group
      title={title}
      asked={asked}
      none={but === undefined ? "None." : "No other one."}
      items={(found) => those(found).map((alert) => <OneAlert key={alert.id} alert={alert} thing={thing} />)}
      foot={({ total }) => (total > MOST ? <All thing={thing} total={total} /> : null)}
    />
  );
}

/** Where on it: the smallest thing that its labels name, unless that is what one stands around. */
function OneAlert({ alert, thing }: { alert: AlertView; thing: Thing }) {
  const [on] = entitiesOfLabels(alert.labels, alert.cluster_id);
  const where = on === undefined || on.kind === "cluster" || formatEntity(on) === formatEntity(thing) ? undefined : `${kindInWords(on)} ${ownName(on)}`;
  return (
    <Item
      to={{ kind: "alert", id: alert.id }}
      open={alertPage(alert.id)}
      name={alert.alertname}
      badge={<SeverityBadge severity={alert.severity} />}
      note={
        <>
          {where === undefined ? null : `${where}, `}since <Ago at={alert.starts_at} />
        </>
      }
    />
  );
}

function All({ thing, total }: { thing: Thing; total: number }) {
  return (
    <p className="hint">
      Of the first {MOST} of {plural(total, "alert")}.{" "}
      <PageLink to="/alerts" search={{ ...alertsOf(thing), near: undefined }}>
        See them all
      </PageLink>
    </p>
  );
}

/** The incidents that are open and name it. */
export function IncidentsOn({ thing }: { thing: Thing }) {
  const asked = useListIncidents({ cluster_id: [thing.cluster], state: ["OPEN", "ACKNOWLEDGED"], page_size: MOST, ...useAsOf() });
  const names = ({ where }: OfList) => thing.kind === "cluster" || where.some((place) => place === placeOf(thing));
  return (
    <Group
      title="Incidents that name it"
      asked={asked}
      none="None that is open."
      items={({ items }) => items.filter(names).map((incident) => <OneIncident key={incident.id} incident={incident} />)}
      foot={({ total }) => (total > MOST ? <p className="hint">Of the first {MOST} incidents of its cluster.</p> : null)}
    />
  );
}

function OneIncident({ incident: { id, title, severity, signals, opened_at } }: { incident: OfList }) {
  return (
    <Item
      to={{ kind: "incident", id }}
      open={{ to: `/incidents/${id}`, says: "Open" }}
      name={wholeTitle(title)}
      badge={<SeverityBadge severity={severity} />}
      note={
        <>
          {plural(signals, "signal")}, opened <Ago at={opened_at} />
        </>
      }
    />
  );
}

/** Anomalies that last, of series with its labels. */
export function AnomaliesOn({ thing }: { thing: Thing }) {
  const label = labelsOf(thing);
  const asked = useListAnomalies({ cluster_id: [thing.cluster], state: ["OPEN"], ...(label ? { label } : {}), page_size: MOST, ...useAsOf() });
  const those = (items: readonly AnomalyView[]) =>
    thing.kind === "workload" ? items.filter(({ labels, cluster_id }) => entitiesOfLabels(labels, cluster_id).some((each) => isWithin(each, thing))) : items;
  return (
    <Group
      title="Anomalies"
      asked={asked}
      none="None that lasts."
      items={({ items }) =>
        those(items).map((anomaly) => (
          <Item
            key={anomaly.id}
            open={{ to: `/anomalies/${anomaly.id}`, says: "Open" }}
            name={anomalyTitle(anomaly)}
            badge={<AnomalySeverityBadge severity={anomaly.severity} />}
            note={seriesInWords(anomaly)}
          />
        ))
      }
      foot={({ total }) => (total > MOST ? <p className="hint">The first {MOST} of them.</p> : null)}
    />
  );
}
