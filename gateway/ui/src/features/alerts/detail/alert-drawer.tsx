import { CopyMenu } from "@/components/copy-menu";
import { SeverityBadge } from "@/components/badges";
import { Drawer } from "@/components/drawer";
import { Facts } from "@/components/facts";
import { promqlOf } from "@/components/neighbourhood/alert-queries";
import { NearButton } from "@/components/neighbourhood/near-link";
import { Failure, Loading } from "@/components/states";
import { Ago, At } from "@/components/timestamp";
import { safeLink } from "@/features/alerts/detail/around";
import { ENDINGS, Earlier } from "@/features/alerts/detail/earlier";
import { Annotations, Labels, Outside } from "@/features/alerts/detail/labels";
import { LookAround } from "@/features/alerts/detail/look-around";
import { MutedBy, Silencing } from "@/features/alerts/detail/muting";
import { StateOf, isOver, lastedOf, placeOf, summaryOf } from "@/features/alerts/list/columns";
import type { AlertsSearch } from "@/features/alerts/search";
import { getGetAlertUrl, useGetAlert } from "@/generated/api";
import type { AlertView } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useAsOf, useNow } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { PageLink, useGo, useSetSearch } from "@/lib/place";
import { lasting } from "@/lib/time";

interface AlertDrawerProps {
  id: string;
  /** As the list has it, until more is read. */
  known: AlertView | undefined;
}

/** One alert: what it is, since when, what to do, and where to look further. */
export function AlertDrawer({ id, known }: AlertDrawerProps) {
  const setSearch = useSetSearch<AlertsSearch>();
  const asOf = useAsOf();
  const { data, error, refetch } = useGetAlert(id, asOf, {
    query: { placeholderData: (before) => before ?? known },
  });
  const alert = data ?? known;
  // One that has just begun may be told of before it can be read.
  const gone = error instanceof ApiError && error.status === 404 && known === undefined;
  return (
    <Drawer
      title={alert?.alertname ?? "Alert"}
      label="Alert"
      onClose={() => setSearch({ alert: undefined })}
    >
      {alert && !gone ? (
        <Detail alert={alert} asOf={asOf} />
      ) : gone ? (
        <p>
          {asOf.as_of === undefined ? (
            <>
              This alert is not known: it is older than what the hub keeps, or so new that it is not taken in yet.{" "}
              <PageLink to="/alerts" search={{ tab: "history", from: "now-1w" }}>
                Look for it in the history of a week
              </PageLink>
            </>
          ) : (
            <>
              This alert had not begun at the instant that is shown.{" "}
              <PageLink to="/alerts" search={{ alert: id, as_of: undefined }}>
                See it as it is now
              </PageLink>
            </>
          )}
        </p>
      ) : error ? (
        <Failure error={error} what="The alert" onRetry={() => void refetch()} />
      ) : (
        <Loading label="Loading the alert" />
      )}
    </Drawer>
  );
}

function Detail({ alert, asOf }: { alert: AlertView; asOf: { as_of?: string } }) {
  const { description, message } = alert.annotations;
  const summary = summaryOf(alert);
  const runbook = safeLink(alert.annotations["runbook_url"]);
  const source = safeLink(alert.generator_url);
  const go = useGo();
  const run = () => go("/chat", { ask: `Why does ${alert.alertname} fire on ${alert.cluster_name ?? alert.cluster_id}?`, cluster: [alert.cluster_id] });
  usePageActions(asOf.as_of === undefined ? [{ name: "ask", title: "Ask the assistant about this alert", words: ["chat", "why"], run }] : []);
  const more = [description, message].find((text) => text && text !== summary);
  return (
    <div className="alerts-drawer">
      <div className="alerts-badges">
        <SeverityBadge severity={alert.severity} />
        <StateOf alert={alert} />
      </div>
      {summary ? <p className="alerts-summary">{summary}</p> : null}
      {more ? <p className="alerts-text">{more}</p> : null}
      <div className="toolbar">
        {isOver(alert) ? null : <Silencing alert={alert} />}
        {runbook ? <Outside href={runbook}>Runbook</Outside> : null}
        {source ? <Outside href={source}>Rule at its source</Outside> : null}
        <NearButton of={{ kind: "alert", id: alert.id }} />
        <span className="toolbar-end">
          <CopyMenu
            request={{ path: getGetAlertUrl(alert.id, asOf) }}
            query={{ name: "PromQL", text: promqlOf(alert) }}
          />
        </span>
      </div>
      <MutedBy alert={alert} />
      <Facts of={factsOf(alert)} />
      <LookAround alert={alert} />
      <Earlier alert={alert} />
      <Labels alert={alert} />
      <Annotations alert={alert} />
    </div>
  );
}

function factsOf(alert: AlertView) {
  const over = isOver(alert);
  return [
    [
      "Cluster",
      <PageLink key="cluster" to={`/clusters/${alert.cluster_id}`}>
        {alert.cluster_name ?? alert.cluster_id}
      </PageLink>,
    ],
    ["Where", placeOf(alert) || undefined],
    [
      "Incident",
      alert.incident_id ? (
        <PageLink key="incident" to={`/incidents/${alert.incident_id}`}>
          See what belongs together with it
        </PageLink>
      ) : undefined,
    ],
    ["Began", <At key="began" at={alert.starts_at} />],
    ["Lasting", over ? undefined : <LastingNow key="lasting" since={alert.starts_at} />],
    ["Ended", alert.ends_at && over ? <At key="ended" at={alert.ends_at} /> : undefined],
    ["Lasted", over && alert.ends_at ? lastedOf(alert) : undefined],
    ["Known to end", over && alert.ending ? `as ${ENDINGS[alert.ending]}` : undefined],
    ["Reported", <Reported key="reported" alert={alert} />],
    ["Flapping", alert.flapping ? "began four times or more within 15 minutes" : undefined],
  ] as const;
}

function LastingNow({ since }: { since: string }) {
  const now = useNow();
  return <span className="numbers">{lasting(now - Date.parse(since))}</span>;
}

function Reported({ alert: { occurrences, last_seen_at } }: { alert: AlertView }) {
  return (
    <span className="numbers">
      {occurrences === 1 ? "once" : `about ${occurrences} times`}, last <Ago at={last_seen_at} />
    </span>
  );
}
