/** What came of a query: the figures, how old they are, and whose are missing. */

import { Alert, Button } from "@patternfly/react-core";

import type { Annotation } from "@/components/chart/chart";
import type { Zoom } from "@/components/chart/use-zoom";
import { PartialNotice } from "@/components/partial-notice";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { FoundList } from "@/features/observability/metrics/anomalies/found-list";
import { useAnomalies } from "@/features/observability/metrics/anomalies/use-anomalies";
import { ResultBar } from "@/features/observability/metrics/results/result-bar";
import { ResultChart } from "@/features/observability/metrics/results/result-chart";
import { ResultTable } from "@/features/observability/metrics/results/result-table";
import { refusalOf, unansweredOf, type Unanswered } from "@/components/query-editor/refusal";
import type { Answered, Reading } from "@/features/observability/metrics/use-metrics";
import type { View } from "@/features/observability/metrics/view";
import { plural } from "@/lib/format";
import { PageLink } from "@/lib/place";
import type { Range } from "@/lib/time";

interface ResultProps {
  view: View;
  reading: Reading;
  range: Range;
  step: number;
  zoom: Zoom;
  marks: readonly Annotation[];
  onExplain: () => void;
}

export function Result(props: ResultProps) {
  const { data, error, isCancelled, read } = props.reading;
  if (error && data === undefined) return <Refused error={error} onRetry={read} />;
  if (isCancelled) {
    return (
      <Nothing title="Cancelled" actions={<Button variant="secondary" onClick={read}>Run it again</Button>}>
        The query was stopped before all clusters had answered.
      </Nothing>
    );
  }
  if (data === undefined) return <Loading lines={6} label="Waiting for the clusters" />;
  return <Shown {...props} data={data} />;
}

function Shown({ view, reading, range, step, zoom, marks, onExplain, data }: ResultProps & { data: Answered }) {
  const { error, isOld, read } = reading;
  const { answer, histograms, lines } = data;
  const isChart = view === "chart";
  const { stretches, lacking, search } = useAnomalies(data, isChart && lines.length > 0);
  return (
    <div className={isOld ? "metrics-result is-old" : "metrics-result"} aria-busy={isOld}>
      <ResultBar
        view={view}
        data={data}
        step={step}
        isOld={isOld}
        search={isChart && lines.length > 0 ? search : undefined}
        onExplain={isChart ? onExplain : undefined}
      />
      {error ? (
        <InlineFailure error={error} what="These figures are not the latest: they could not be read again" />
      ) : null}
      <PartialNotice
        queried={answer.clusters_queried}
        answered={answer.clusters_succeeded}
        missing={answer.missing}
        warnings={answer.warnings}
        onRetry={read}
      />
      {histograms > 0 ? (
        <Alert isInline component="p" variant="info" title={`${plural(histograms, "series", "series")} left out`}>
          They are native histograms, which have no single value. Ask with histogram_quantile(0.95, …) or
          histogram_avg(…).
        </Alert>
      ) : null}
      {lines.length === 0 ? (
        <Empty data={data} />
      ) : isChart ? (
        <>
          <ResultChart data={data} marks={marks} stretches={stretches} isOld={isOld} range={range} step={step} zoom={zoom} />
          {lacking ? <p className="hint">{lacking}</p> : null}
          <FoundList search={search} />
        </>
      ) : (
        <ResultTable data={data} />
      )}
    </div>
  );
}

/** A comparison, outside of a selector. */
const COMPARES = /^(?:[^{"]|\{[^}]*\}|"[^"]*")*?(?:[=!]=|[<>])/;

function Empty({ data: { answer, body } }: { data: Answered }) {
  if (answer.clusters_queried === 0) {
    return (
      <Nothing title="Nobody was asked" actions={<PageLink to="/clusters">Show the clusters</PageLink>}>
        No cluster that is meant has a Prometheus that the hub knows of. Give one its endpoint, or choose others.
      </Nothing>
    );
  }
  const who = `${plural(answer.clusters_succeeded, "cluster")} answered`;
  return (
    <Nothing title="No series">
      {COMPARES.test(body.query)
        ? `${who}: the comparison holds for none of their series in this time, or there are none.`
        : `${who}, with nothing that matches in this time. Check names and labels, or take a longer range.`}
    </Nothing>
  );
}

function Refused({ error, onRetry }: { error: Error; onRetry: () => void }) {
  // It stands in the editor, at its place.
  if (refusalOf(error)) return null;
  const unanswered = unansweredOf(error);
  return unanswered ? (
    <NoneAnswered {...unanswered} onRetry={onRetry} />
  ) : (
    <Failure error={error} what="The query" onRetry={onRetry} />
  );
}

function NoneAnswered({ queried, missing, reason, onRetry }: Unanswered & { onRetry: () => void }) {
  if (reason === undefined) {
    return <PartialNotice queried={queried} answered={0} missing={missing} onRetry={onRetry} />;
  }
  return (
    <Alert
      isInline
      component="p"
      variant="danger"
      title={
        queried === 1
          ? `${missing[0]!.cluster_name} did not answer`
          : `None of ${plural(queried, "cluster")} answered, all for the same reason`
      }
      actionLinks={
        <Button variant="link" isInline onClick={onRetry}>
          Ask again
        </Button>
      }
    >
      {reason}
    </Alert>
  );
}
