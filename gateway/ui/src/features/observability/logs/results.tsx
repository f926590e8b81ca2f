/** The answer to a query: lines with their volume, or a chart where LogQL has made numbers. */

import { Button } from "@patternfly/react-core";
import { useDeferredValue, useMemo, useState } from "react";

import { ExplainButton } from "@/components/explain/explain-button";
import { PartialNotice } from "@/components/partial-notice";
import { Failure, Loading, Nothing } from "@/components/states";
import { DataAge } from "@/components/timestamp";
import { Histogram } from "@/features/observability/logs/histogram";
import { LineDetail } from "@/features/observability/logs/line-detail";
import type { Line } from "@/features/observability/logs/line";
import { LinesBar } from "@/features/observability/logs/lines-bar";
import { LogList } from "@/features/observability/logs/log-list";
import { MetricResult } from "@/features/observability/logs/metric-result";
import { NotAsked } from "@/features/observability/logs/not-asked";
import { asksForLines, type Matcher } from "@/features/observability/logs/selector";
import { MOST, useVolume, type Question, type useLogs } from "@/features/observability/logs/use-logs";
import { bucketsOfLines, stepFor, aligned } from "@/features/observability/logs/volume";
import type { LogsSearch } from "@/features/observability/search";
import { ApiError } from "@/lib/http";
import { count, plural } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

interface ResultsProps {
  question: Question;
  logs: ReturnType<typeof useLogs>;
  onAgain: () => void;
  onNarrow: (matcher: Matcher) => void;
  onWords: (words: string) => void;
}

export function Results({ question, logs, onAgain, onNarrow, onWords }: ResultsProps) {
  const { wrap = false, find = "" } = useSearch<LogsSearch>();
  const setSearch = useSetSearch<LogsSearch>();
  const { found, lines, first, whole } = logs;
  const words = useDeferredValue(find);
  const shown = useMemo(() => linesWith(lines, words), [lines, words]);
  if (found.fetchStatus === "idle" && (found.isPending || found.isPlaceholderData)) {
    return (
      <Nothing title="Cancelled" actions={<Button variant="secondary" onClick={onAgain}>Run it again</Button>}>
        The query was stopped before all clusters had answered.
      </Nothing>
    );
  }
  if (found.isPending) return <Loading lines={12} label="Reading log lines" />;
  if (!first) {
    const refused = found.error instanceof ApiError && found.error.code === "INVALID_LOGQL";
    if (refused) return <Nothing title="The clusters do not understand this query">{found.error!.message}</Nothing>;
    return <Failure error={found.error ?? new Error("nothing was read")} what="The lines" onRetry={onAgain} />;
  }
  const explain = <ExplainButton onExplain={() => setSearch({ explain: true, library: undefined })} />;
  const notice = <PartialNotice {...whole} onRetry={onAgain} />;
  if (whole.queried === 0) return <NotAsked answer={first.answer} alone />;
  if (first.answer.results.some(({ result_type }) => result_type === "MATRIX" || result_type === "VECTOR")) {
    return (
      <>
        {notice}
        <div className="toolbar">
          <span className="toolbar-end">
            {explain}
            <NotAsked answer={first.answer} />
            <DataAge at={found.dataUpdatedAt} />
          </span>
        </div>
        <MetricResult answer={first.answer} window={first.window} />
      </>
    );
  }
  const end = (
    <End
      loading={found.isFetchingNextPage}
      failed={found.isFetchNextPageError}
      more={found.hasNextPage}
      lines={lines.length}
      direction={question.direction}
      onMore={() => void found.fetchNextPage()}
    />
  );
  return (
    <>
      {notice}
      {asksForLines(question.query) ? <Volume question={question} lines={lines} window={first.window} /> : null}
      <LinesBar
        shown={shown.length}
        of={lines.length}
        more={found.hasNextPage}
        filtered={words !== ""}
        onWords={onWords}
        order
      >
        {asksForLines(question.query) ? explain : null}
        <NotAsked answer={first.answer} />
        <DataAge at={found.dataUpdatedAt} />
      </LinesBar>
      {lines.length === 0 ? (
        <Nothing title="No line matches">
          {plural(whole.answered, "cluster")} answered and found none in this time range. Take a longer range, or look at
          the labels that there are.
        </Nothing>
      ) : (
        <LogList
          label="Log lines"
          stale={found.isPlaceholderData}
          lines={shown}
          wrap={wrap}
          find={words}
          detail={(line) => <LineDetail line={line} onNarrow={onNarrow} />}
          onMore={
            found.hasNextPage && !found.isFetching && !found.isFetchNextPageError
              ? () => void found.fetchNextPage()
              : undefined
          }
          end={end}
        />
      )}
    </>
  );
}

/** Only the lines in which the words stand, in the message or a label's value. */
export function linesWith(lines: readonly Line[], words: string): readonly Line[] {
  if (words === "") return lines;
  const wanted = words.toLowerCase();
  return lines.filter(
    ({ message, cluster_name, stream }) =>
      message.toLowerCase().includes(wanted) ||
      cluster_name.toLowerCase().includes(wanted) ||
      Object.values(stream).some((value) => value.toLowerCase().includes(wanted)),
  );
}

function Volume({ question, lines, window }: { question: Question; lines: readonly Line[]; window: { start: string; end: string } }) {
  const volume = useVolume(question);
  const setSearch = useSetSearch<LogsSearch>();
  const [from, to] = [Date.parse(window.start), Date.parse(window.end)];
  const counted = volume.data;
  const fallback = useMemo(() => {
    const step = stepFor(from, to);
    return counted ? [] : bucketsOfLines(lines, aligned(from, to, step), step);
  }, [counted, lines, from, to]);
  const zoom = (start: number, end: number) =>
    setSearch({ from: new Date(start).toISOString(), to: new Date(end).toISOString() });
  if (volume.isPending) return <div className="logs-volume is-waiting" aria-busy="true" />;
  if (!counted) {
    return (
      <Histogram
        buckets={fallback}
        source="only the lines below: the clusters could not count all"
        onZoom={zoom}
      />
    );
  }
  const { buckets, answer, step } = counted;
  const { clusters_succeeded: counters, clusters_queried: asked } = answer;
  const who = counters === asked ? plural(counters, "cluster") : `${counters} of ${asked} clusters`;
  return <Histogram buckets={buckets} source={`counted per ${seconds(step)} by ${who}`} onZoom={zoom} />;
}

function seconds(step: number): string {
  const [size, unit] = step % 3_600_000 === 0 ? [3_600_000, "h"] : step % 60_000 === 0 ? [60_000, "min"] : [1_000, "s"];
  return `${step / (size as number)} ${unit}`;
}

interface EndProps {
  loading: boolean;
  failed: boolean;
  more: boolean;
  lines: number;
  direction: Question["direction"];
  onMore: () => void;
}

/** What comes after the last line that is there. */
function End({ loading, failed, more, lines, direction, onMore }: EndProps) {
  const which = direction === "BACKWARD" ? "Older" : "Newer";
  if (failed) {
    return (
      <>
        {which} lines could not be read.{" "}
        <Button variant="link" isInline onClick={onMore}>
          Read them again
        </Button>
      </>
    );
  }
  if (loading || more) return <>{which} lines are being read…</>;
  if (lines >= MOST) return <>{count(MOST)} lines are shown, no more are read: narrow the query or the time range.</>;
  return <>That is all in this time range.</>;
}

export function useRounds(): [number, () => void] {
  const [round, setRound] = useState(0);
  return [round, () => setRound((before) => before + 1)];
}
