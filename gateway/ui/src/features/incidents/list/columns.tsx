/** What a row of incidents shows; times of all rows share one clock. */

import { EyeSlashIcon } from "@patternfly/react-icons";

import { SeverityBadge } from "@/components/badges";
import { sentenceInWords } from "@/components/causes/sentence";
import { causeInWords } from "@/components/causes/words";
import type { Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import { IncidentStateBadge } from "@/features/incidents/shared/state-badge";
import { clustersInWords, doer } from "@/features/incidents/shared/words";
import type { IncidentView } from "@/generated/api.schemas";
import { count, placeInWords, title } from "@/lib/format";
import { useNow } from "@/lib/moment";
import { PageLink } from "@/lib/place";
import { lasting as inWords } from "@/lib/time";
import { titleInWords } from "@/lib/titles";

export const REDACTED = "It is also about clusters that you do not see: what is shown is your part of it";

function Title({ incident }: { incident: IncidentView }) {
  const { id, clusters, redacted, state, acknowledged_by } = incident;
  return (
    <>
      <span className="incidents-name">
        {redacted ? (
          <span className="incidents-redacted" title={REDACTED}>
            <EyeSlashIcon />
            <span className="visually-hidden">Not shown whole: </span>
          </span>
        ) : null}
        <span title={incident.title}>
          <PageLink to={`/incidents/${id}`}>{titleInWords(incident.title).full}</PageLink>
        </span>
      </span>{" "}
      <span className="quiet incidents-rest">
        <Rest state={state} by={acknowledged_by} />
        {clustersInWords(clusters)}
      </span>
    </>
  );
}

/** Who works on it, or how it stands, where there is no column for that. */
function Rest({ state, by }: { state: IncidentView["state"]; by: string | null }) {
  if (state === "OPEN") return null;
  if (state === "ACKNOWLEDGED" && by !== null) return <span className="incidents-inline-who">{doer(by)} works on it · </span>;
  return <span className="incidents-inline">{title(state)} · </span>;
}

/** How many belong to it, and a bar for how many of them last. */
export function Signals({ signals, lasting }: Pick<IncidentView, "signals" | "lasting">) {
  const said = `${count(lasting)} of ${count(signals)} last`;
  return (
    <span className="incidents-signals" title={said}>
      <span className="numbers">{count(signals)}</span>
      <span className="incidents-share" aria-hidden="true">
        <span style={{ inlineSize: `${signals === 0 ? 0 : Math.max(lasting > 0 ? 6 : 0, (100 * lasting) / signals)}%` }} />
      </span>
      <span className="visually-hidden">, {said}</span>
    </span>
  );
}

/** What is behind it and how sure that is, or that nobody knows. */
function Cause({ incident: { cause, changed_at } }: { incident: IncidentView }) {
  const now = useNow(60_000);
  const { lead, what, confidence, isKnown } = causeInWords(cause, changed_at, now);
  if (what === undefined) return <span className="quiet">{lead}</span>;
  return (
    <span className={isKnown ? undefined : "quiet"} title={cause?.told ? sentenceInWords(cause.told.explanation) : undefined}>
      {confidence === undefined ? null : <span className="quiet numbers">{confidence} </span>}
      {isKnown ? "" : "perhaps "}
      {what}
    </span>
  );
}

const SEVERITY: Column<IncidentView> = {
  id: "severity",
  header: "Severity",
  width: "6rem",
  sort: "severity",
  cell: ({ severity }) => (
    <span className="incidents-severity">
      <SeverityBadge severity={severity} />
    </span>
  ),
};
const TITLE: Column<IncidentView> = {
  id: "title",
  header: "Incident",
  width: "minmax(6rem, 3fr)",
  cell: (incident) => <Title incident={incident} />,
};
const STATE: Column<IncidentView> = {
  id: "state",
  header: "State",
  width: "8rem",
  from: 75,
  cell: ({ state }) => <IncidentStateBadge state={state} />,
};
const SIGNALS: Column<IncidentView> = {
  id: "signals",
  header: "Signals",
  width: "6rem",
  from: 30,
  cell: (incident) => <Signals {...incident} />,
};
const PLACE: Column<IncidentView> = {
  id: "where",
  header: "Where",
  width: "minmax(7rem, 1fr)",
  from: 75,
  cell: ({ where }) => (
    <span className="quiet" title={where.map(placeInWords).join("\n")}>
      {where[0] === undefined ? "–" : placeInWords(where[0])}
    </span>
  ),
};
const CAUSE: Column<IncidentView> = {
  id: "cause",
  header: "Cause",
  width: "minmax(8rem, 2fr)",
  from: 60,
  cell: (incident) => <Cause incident={incident} />,
};
const OPENED: Column<IncidentView> = {
  id: "opened",
  header: "Opened",
  width: "6.5rem",
  sort: "opened_at",
  cell: ({ opened_at }) => <Ago at={opened_at} />,
};
const LAST_SIGNAL: Column<IncidentView> = {
  id: "last-signal",
  header: "Last signal",
  width: "7rem",
  from: 60,
  sort: "last_signal_at",
  cell: ({ last_signal_at }) => <Ago at={last_signal_at} />,
};
const BY: Column<IncidentView> = {
  id: "by",
  header: "Who works on it",
  width: "minmax(7rem, 0.7fr)",
  from: 75,
  cell: ({ acknowledged_by: by }) => (by === null ? <span className="quiet">nobody yet</span> : doer(by)),
};
const LASTED: Column<IncidentView> = {
  id: "lasted",
  header: "Lasted",
  width: "7rem",
  from: 60,
  cell: ({ opened_at, resolved_at }) => (
    <span className="numbers">
      {resolved_at === null ? "–" : inWords(Date.parse(resolved_at) - Date.parse(opened_at))}
    </span>
  ),
};
const ENDED_BY: Column<IncidentView> = {
  id: "resolved-by",
  header: "Resolved by",
  width: "minmax(7rem, 0.7fr)",
  from: 75,
  cell: ({ state, resolved_by: by }) => (
    <span className={by === null ? "quiet" : ""}>
      {state !== "RESOLVED" ? "–" : by === null ? "all of it ended" : doer(by)}
    </span>
  ),
};

export const UNSOLVED_COLUMNS: readonly Column<IncidentView>[] = [SEVERITY, TITLE, CAUSE, STATE, SIGNALS, PLACE, OPENED, LAST_SIGNAL, BY];
export const PAST_COLUMNS: readonly Column<IncidentView>[] = [SEVERITY, TITLE, CAUSE, STATE, SIGNALS, PLACE, OPENED, LASTED, ENDED_BY];
