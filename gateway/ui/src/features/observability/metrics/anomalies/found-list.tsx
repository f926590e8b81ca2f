import { Alert, Button } from "@patternfly/react-core";

import { AnomalySeverityBadge } from "@/components/anomalies/badges";
import { anomalyTitle, deviationInWords, seriesInWords, valueInWords, voicesOf } from "@/components/anomalies/words";
import { PartialNotice } from "@/components/partial-notice";
import { InlineFailure } from "@/components/states";
import { At } from "@/components/timestamp";
import { caveats, headline, judgementInWords } from "@/features/observability/metrics/anomalies/found-words";
import { anomaliesIn, type Search } from "@/features/observability/metrics/anomalies/use-anomalies";
import type { AnomaliesFound, Anomaly } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { lasting } from "@/lib/time";

/** More are drawn under the chart, and told by what one asks more narrowly. */
const MOST = 20;

export const itemId = (anomaly: string): string => `found-${anomaly}`;

/** What was found when somebody looked: short, the surest first. */
export function FoundList({ search }: { search: Search }) {
  const { found, error, isPending, isOld, clear } = search;
  if (isPending) {
    return (
      <p className="hint" role="status">
        Looking for anomalies: the series are read with as long a past again, to know what is usual. That can take up to two minutes, with a model up to three.
      </p>
    );
  }
  if (error) return <InlineFailure error={error} what="Anomalies could not be looked for" />;
  if (found === undefined) return null;
  return (
    <section className="metrics-found" aria-label="Anomalies that were found" aria-live="polite">
      <header className="metrics-found-head">
        <h3>{headline(found)}</h3>
        <Button variant="link" isInline onClick={clear}>
          Clear
        </Button>
      </header>
      {isOld ? <p className="hint">This is of an earlier question: look again.</p> : <Found found={found} />}
    </section>
  );
}

function Found({ found }: { found: AnomaliesFound }) {
  const anomalies = anomaliesIn(found);
  const judged = judgementInWords(found);
  return (
    <>
      {judged ? <p className="hint">{judged}</p> : null}
      <PartialNotice
        queried={found.clusters_queried}
        answered={found.clusters_succeeded}
        missing={(found.missing ?? []).map((each) => ({ ...each, cluster_name: each.cluster_name ?? each.cluster_id.slice(0, 8) }))}
        warnings={found.warnings ?? []}
      />
      {anomalies.length > 0 ? (
        <ul className="plain metrics-found-list">
          {anomalies.slice(0, MOST).map((anomaly) => (
            <Item key={anomaly.id} anomaly={anomaly} />
          ))}
        </ul>
      ) : null}
      {anomalies.length > MOST ? <p className="hint">{plural(anomalies.length - MOST, "other is", "others are")} under the chart.</p> : null}
      {caveats(found).length > 0 ? (
        <Alert isInline isPlain component="p" variant="info" title={caveats(found).join(" ")} />
      ) : null}
    </>
  );
}

function Item({ anomaly }: { anomaly: Anomaly }) {
  const { severity, deviation_percent: percent, detected_at, ended_at, actual_value } = anomaly;
  const { figures, opinion } = voicesOf(anomaly);
  return (
    <li id={itemId(anomaly.id)} tabIndex={-1}>
      <div className="metrics-found-title">
        <AnomalySeverityBadge severity={severity} />
        <strong>{anomalyTitle(anomaly)}</strong>
        <span className="numbers">
          {valueInWords(anomaly, actual_value)}
          {percent === null ? "" : `, ${deviationInWords(percent)}`}
        </span>
      </div>
      <div className="mono quiet metrics-found-series">{seriesInWords(anomaly)}</div>
      <div>{figures}.</div>
      {opinion === undefined ? null : (
        <div className="quiet">
          A language model says: <q>{opinion}</q>
        </div>
      )}
      <div className="hint">
        <At at={detected_at} />, {ended_at == null ? "lasts" : `for ${lasting(Date.parse(ended_at) - Date.parse(detected_at))}`}
      </div>
    </li>
  );
}
