/** What a row of anomalies shows; times of all rows share one clock. */

import { ThumbsDownIcon, ThumbsUpIcon } from "@patternfly/react-icons";

import { AnomalySeverityBadge } from "@/components/anomalies/badges";
import { deviationInWords, metricTitle, seriesInWords, TYPE_NAMES, valueInWords } from "@/components/anomalies/words";
import type { Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import type { AnomalyView } from "@/generated/api.schemas";
import { useNow } from "@/lib/moment";
import { PageLink } from "@/lib/place";
import { lasting } from "@/lib/time";

/** What somebody has said of it, as a mark. */
export function VerdictMark({ feedback }: Pick<AnomalyView, "feedback">) {
  if (feedback === null) return <span className="quiet">–</span>;
  const isUseful = feedback.verdict === "USEFUL";
  return (
    <span className="anomalies-verdict" title={feedback.comment || undefined}>
      {isUseful ? <ThumbsUpIcon /> : <ThumbsDownIcon />} {isUseful ? "Useful" : "Noise"}
    </span>
  );
}

function Lasted({ anomaly: { detected_at, ended_at } }: { anomaly: AnomalyView }) {
  const now = useNow(10_000);
  if (ended_at == null) return <span className="anomalies-lasts numbers">for {lasting(now - Date.parse(detected_at))}</span>;
  return <span className="numbers">{lasting(Date.parse(ended_at) - Date.parse(detected_at))}</span>;
}

export const ANOMALY_COLUMNS: readonly Column<AnomalyView>[] = [
  {
    id: "severity",
    header: "Severity",
    width: "6rem",
    sort: "severity",
    cell: ({ severity }) => (
      <span className="anomalies-severity">
        <AnomalySeverityBadge severity={severity} />
      </span>
    ),
  },
  {
    id: "what",
    header: "Anomaly",
    width: "minmax(9rem, 2.2fr)",
    cell: (anomaly) => (
      <>
        <span className="anomalies-name">
          <PageLink to={`/anomalies/${anomaly.id}`}>{metricTitle(anomaly)}</PageLink>
        </span>{" "}
        <span className="quiet anomalies-rest" title={seriesInWords(anomaly)}>
          {seriesInWords(anomaly)}
        </span>
      </>
    ),
  },
  { id: "type", header: "Type", width: "8rem", from: 45, cell: ({ anomaly_type }) => TYPE_NAMES[anomaly_type] },
  {
    id: "value",
    header: "Value",
    width: "minmax(8rem, 0.9fr)",
    from: 60,
    align: "end",
    cell: (anomaly) => (
      <span className="numbers">
        {valueInWords(anomaly, anomaly.actual_value)}
        {anomaly.deviation_percent === null ? null : <span className="quiet"> {deviationInWords(anomaly.deviation_percent)}</span>}
      </span>
    ),
  },
  {
    id: "cluster",
    header: "Cluster",
    width: "minmax(6rem, 0.7fr)",
    from: 60,
    cell: ({ cluster_name, cluster_id }) => cluster_name ?? cluster_id.slice(0, 8),
  },
  { id: "began", header: "Began", width: "6.5rem", sort: "detected_at", cell: ({ detected_at }) => <Ago at={detected_at} /> },
  { id: "lasted", header: "Lasts", width: "7.5rem", from: 30, cell: (anomaly) => <Lasted anomaly={anomaly} /> },
  {
    id: "incident",
    header: "Incident",
    width: "5.5rem",
    from: 75,
    cell: ({ incident_id: id }) => (id === null ? <span className="quiet">–</span> : <PageLink to={`/incidents/${id}`}>Open it</PageLink>),
  },
  { id: "verdict", header: "Said of it", width: "6.5rem", from: 75, cell: ({ feedback }) => <VerdictMark feedback={feedback} /> },
];
