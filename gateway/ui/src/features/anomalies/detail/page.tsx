import "@/features/anomalies/anomalies.css";

import { AnomalySeverityBadge } from "@/components/anomalies/badges";
import { anomalyTitle, deviationInWords, METHODS, seriesInWords, TYPE_MEANS, valueInWords } from "@/components/anomalies/words";
import { Badge } from "@/components/badges";
import { CopyMenu } from "@/components/copy-menu";
import { WithDrawer } from "@/components/drawer";
import { ExplainButton } from "@/components/explain/explain-button";
import { Facts } from "@/components/facts";
import { LinkButton } from "@/components/link-button";
import { entityOfLabels } from "@/components/neighbourhood/entity";
import { NearButton } from "@/components/neighbourhood/near-link";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Ago, At } from "@/components/timestamp";
import { aroundOf, leadsOf } from "@/features/anomalies/detail/around";
import { Evidence } from "@/features/anomalies/detail/evidence";
import { ExplainAnomaly, isExplained } from "@/features/anomalies/detail/explain-anomaly";
import { Feedback } from "@/features/anomalies/detail/feedback";
import { SeriesChart } from "@/features/anomalies/detail/series-chart";
import { useAnomaly } from "@/features/anomalies/detail/use-anomaly";
import type { AnomalySearch } from "@/features/anomalies/search";
import { getGetAnomalyUrl } from "@/generated/api";
import type { AnomalyView } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useAsOf, useClock, useNow } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { PageLink, useGo, usePathParam, useSearch, useSetSearch } from "@/lib/place";
import { lasting } from "@/lib/time";
import { CheckCircleIcon, HourglassHalfIcon } from "@patternfly/react-icons";

/** One anomaly: what was found, how it looks, what it rests on, and what people say of it. */
export function AnomalyPage() {
  const id = usePathParam("anomalyId");
  return <OneAnomaly key={id} id={id} />;
}

function OneAnomaly({ id }: { id: string }) {
  const { data, error, refetch } = useAnomaly(id);
  const { as_of } = useAsOf();
  // What is no id at all is refused by another code.
  const gone = error instanceof ApiError && [400, 404, 422].includes(error.status);
  if (gone && (data === undefined || as_of !== undefined)) return <NotThere id={id} />;
  if (data === undefined) {
    return (
      <PageFrame title="Anomaly" trail={<Trail />}>
        {error ? (
          <Failure error={error} what="The anomaly" onRetry={() => void refetch()} />
        ) : (
          <Loading lines={10} label="Loading the anomaly" />
        )}
      </PageFrame>
    );
  }
  return <Shown anomaly={data} error={error} />;
}

function Trail() {
  return (
    <nav className="anomalies-trail" aria-label="Where this is">
      <PageLink to="/anomalies">Anomalies</PageLink> <span aria-hidden>›</span>
    </nav>
  );
}

function Shown({ anomaly, error }: { anomaly: AnomalyView; error: Error | null }) {
  const asOf = useAsOf();
  const now = useNow(60_000);
  const range = aroundOf(anomaly, now);
  const { explain } = useSearch<AnomalySearch>();
  const setSearch = useSetSearch<AnomalySearch>();
  const { anomaly_type: type, explanation, evidence = [] } = anomaly;
  const go = useGo();
  const ask = () => go("/chat", { ask: `${anomalyTitle(anomaly)}: what is behind it?`, ...(anomaly.cluster_id ? { cluster: [anomaly.cluster_id] } : {}) });
  usePageActions(asOf.as_of === undefined ? [{ name: "ask", title: "Ask the assistant about this anomaly", words: ["chat", "why"], run: ask }] : []);
  return (
    <PageFrame
      title={anomalyTitle(anomaly)}
      subtitle={<Subtitle anomaly={anomaly} />}
      trail={<Trail />}
      actions={
        <>
          <NearButton of={entityOfLabels(anomaly.labels, anomaly.cluster_id)} />
          <CopyMenu request={{ path: getGetAnomalyUrl(anomaly.id, asOf) }} />
        </>
      }
    >
      {error ? <InlineFailure error={error} what="The anomaly could not be read again" /> : null}
      <WithDrawer
        isWhole
        drawer={explain && isExplained(anomaly) ? <ExplainAnomaly anomaly={anomaly} onClose={() => setSearch({ explain: undefined })} /> : null}
      >
        <section className="panel anomalies-part" aria-label="What was found">
          <p className="anomalies-explanation">{explanation}.</p>
          <p className="hint">{TYPE_MEANS[type]}</p>
          <SeriesChart anomaly={anomaly} range={range} />
          {isExplained(anomaly) ? (
            <div>
              <ExplainButton onExplain={() => setSearch({ explain: true })} />
            </div>
          ) : null}
        </section>
        <div className="anomalies-columns">
          <div className="anomalies-column">
            <section className="panel anomalies-part" aria-label="What it rests on">
              <h2>What it rests on</h2>
              <Evidence evidence={evidence} />
            </section>
            <Feedback anomaly={anomaly} />
          </div>
          <div className="anomalies-column">
            <Known anomaly={anomaly} />
            <section className="panel anomalies-part" aria-label="Look around">
              <h2>Look around</h2>
              <ul className="plain anomalies-leads">
                {leadsOf(anomaly, range).map(({ to, search = {}, says }) => (
                  <li key={says}>
                    <PageLink to={to} search={search}>
                      {says}
                    </PageLink>
                  </li>
                ))}
              </ul>
            </section>
          </div>
        </div>
      </WithDrawer>
    </PageFrame>
  );
}

function Subtitle({ anomaly }: { anomaly: AnomalyView }) {
  const now = useNow(10_000);
  const { severity, state, detected_at, ended_at } = anomaly;
  const isOpen = state === "OPEN";
  const until = ended_at == null ? now : Date.parse(ended_at);
  return (
    <div className="anomalies-subtitle" aria-live="polite">
      <AnomalySeverityBadge severity={severity} />
      <Badge tone={isOpen ? "warning" : "success"} icon={isOpen ? HourglassHalfIcon : CheckCircleIcon}>
        {isOpen ? "Lasts" : "Has ended"}
      </Badge>
      <span className="numbers">
        {isOpen ? "for" : "lasted"} {lasting(until - Date.parse(detected_at))}
      </span>
    </div>
  );
}

/** What is known of it in figures and names. */
function Known({ anomaly }: { anomaly: AnomalyView }) {
  const { cluster_id, cluster_name, detected_at, ended_at, actual_value, expected_value, deviation_percent: percent } = anomaly;
  const { confidence_score, detection_type, metric_name, incident_id } = anomaly;
  return (
    <section className="panel anomalies-part" aria-label="What is known of it">
      <h2>What is known of it</h2>
      <Facts
        of={[
          ["Value", <span key="value" className="numbers"><strong>{valueInWords(anomaly, actual_value)}</strong>{percent === null ? "" : `, ${deviationInWords(percent)}`}</span>],
          ["Expected", expected_value === null ? undefined : valueInWords(anomaly, expected_value)],
          ["Metric", <span key="metric" className="mono">{metric_name}</span>],
          ["Series", <span key="series" className="mono">{seriesInWords(anomaly) || "without labels"}</span>],
          ["Cluster", <PageLink key="cluster" to={`/clusters/${cluster_id}`}>{cluster_name ?? cluster_id.slice(0, 8)}</PageLink>],
          ["Began", <span key="began"><At at={detected_at} />, <Ago at={detected_at} /></span>],
          ["Ended", ended_at == null ? "it lasts" : <At key="ended" at={ended_at} />],
          ["Confidence", `${Math.round(confidence_score * 100)} %`],
          ["Method", METHODS[detection_type][0]],
          ["Incident", incident_id === null ? "none" : <PageLink key="incident" to={`/incidents/${incident_id}`}>open it</PageLink>],
        ]}
      />
    </section>
  );
}

function NotThere({ id }: { id: string }) {
  const { as_of } = useAsOf();
  const clock = useClock();
  return (
    <PageFrame title="Anomaly" trail={<Trail />}>
      {as_of === undefined ? (
        <Nothing title="There is no such anomaly" actions={<LinkButton to="/anomalies">All anomalies</LinkButton>}>
          The link is wrong, it is of a cluster that you do not see, or it is so old that it is kept no more.
        </Nothing>
      ) : (
        <Nothing
          title="Not told yet at that instant"
          actions={
            <LinkButton to={`/anomalies/${id}`} search={{ as_of: undefined }}>
              See it as it is now
            </LinkButton>
          }
        >
          At {clock(as_of)} nothing of this anomaly was known.
        </Nothing>
      )}
    </PageFrame>
  );
}
