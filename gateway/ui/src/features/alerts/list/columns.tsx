/** What a row of alerts shows; no cell has state or effects, as lists are long. */

import { SyncAltIcon } from "@patternfly/react-icons";

import type { Column } from "@/components/data-table";
import { AlertStateBadge, SeverityBadge } from "@/components/badges";
import { AgoInRow, AtInRow } from "@/features/alerts/list/row-time";
import type { AlertView } from "@/generated/api.schemas";
import { count, title } from "@/lib/format";
import { lasting } from "@/lib/time";

/** What it says of itself, in one sentence. */
export function summaryOf({ annotations }: Pick<AlertView, "annotations">): string {
  return annotations["summary"] ?? annotations["message"] ?? annotations["description"] ?? "";
}

/** The labels that say where, from wide to narrow. */
const PLACES = ["namespace", "workload", "deployment", "pod", "node", "instance", "service", "job"] as const;

/** `payments / api-7c9 `: where in its cluster, in at most two words. */
export function placeOf({ labels }: Pick<AlertView, "labels">): string {
  return PLACES.map((name) => labels[name])
    .filter(Boolean)
    .slice(0, 2)
    .join(" / ");
}

/** It fires no more, and is not pending any more. */
export const isOver = ({ ends_at, state }: AlertView): boolean =>
  state === "RESOLVED" || (state === "PENDING" && Boolean(ends_at));

/** What is to be said of its state besides that it fires, where there is no column for that. */
function notableOf({ state, silenced, inhibited, flapping }: AlertView): string {
  const said = [
    state === "FIRING" ? "" : title(state),
    silenced ? "Silenced" : inhibited ? "Inhibited" : "",
    flapping ? "Flapping" : "",
  ].filter(Boolean);
  return said.length > 0 ? `${said.join(", ")} · ` : "";
}

export function StateOf({ alert }: { alert: AlertView }) {
  const { state, silenced, inhibited, flapping } = alert;
  if (state === "PENDING" && alert.ends_at) return <span>No longer pending</span>;
  return (
    <span className="alerts-state">
      <AlertStateBadge state={state} silenced={silenced} inhibited={inhibited} />
      {flapping ? (
        <span className="alerts-flapping" title="Began four times or more within 15 minutes">
          <SyncAltIcon />
          <span className="visually-hidden">Flapping</span>
        </span>
      ) : null}
    </span>
  );
}

/** How long it lasted, once it is over. */
export const lastedOf = ({ starts_at, ends_at }: AlertView): string =>
  ends_at ? lasting(Date.parse(ends_at) - Date.parse(starts_at)) : "";

const SEVERITY: Column<AlertView> = {
  id: "severity",
  header: "Severity",
  width: "5.5rem",
  cell: ({ severity }) => (
    <span className="alerts-severity">
      <SeverityBadge severity={severity} />
    </span>
  ),
};
const nameColumn = (past: boolean): Column<AlertView> => ({
  id: "alertname",
  header: "Alert",
  width: "minmax(9rem, 3fr)",
  cell: (alert) => (
    <>
      <span className="alerts-name">{alert.alertname}</span>{" "}
      <span className="quiet alerts-rest">
        {past ? null : <span className="alerts-inline-state">{notableOf(alert)}</span>}
        <span className="alerts-where">{alert.cluster_name ?? "Unknown cluster"}: </span>
        {summaryOf(alert)}
      </span>
    </>
  ),
});
const CLUSTER: Column<AlertView> = {
  id: "cluster",
  header: "Cluster",
  width: "minmax(7rem, 1fr)",
  from: 30,
  cell: ({ cluster_name, cluster_id }) => cluster_name ?? cluster_id.slice(0, 8),
};
const PLACE: Column<AlertView> = {
  id: "place",
  header: "Where",
  width: "minmax(8rem, 1.5fr)",
  from: 60,
  cell: (alert) => placeOf(alert),
};
const REPORTED: Column<AlertView> = {
  id: "occurrences",
  header: "Reports",
  width: "4.5rem",
  from: 75,
  align: "end",
  cell: ({ occurrences }) => <span className="numbers">{count(occurrences)}</span>,
};

export const OPEN: readonly Column<AlertView>[] = [
  SEVERITY,
  nameColumn(false),
  CLUSTER,
  PLACE,
  { id: "state", header: "State", width: "6.5rem", from: 45, cell: (alert) => <StateOf alert={alert} /> },
  { id: "since", header: "Since", width: "6.5rem", cell: ({ starts_at }) => <AgoInRow at={starts_at} /> },
  REPORTED,
];

export const PAST: readonly Column<AlertView>[] = [
  SEVERITY,
  nameColumn(true),
  CLUSTER,
  PLACE,
  { id: "began", header: "Began", width: "11.5rem", from: 45, cell: ({ starts_at }) => <AtInRow at={starts_at} /> },
  {
    id: "ended",
    header: "Ended",
    width: "6.5rem",
    cell: ({ ends_at }) => (ends_at ? <AgoInRow at={ends_at} /> : null),
  },
  {
    id: "lasted",
    header: "Lasted",
    width: "6rem",
    from: 60,
    align: "end",
    cell: (alert) => <span className="numbers">{lastedOf(alert)}</span>,
  },
];
