import { Button } from "@patternfly/react-core";

import { PartialNotice } from "@/components/partial-notice";
import { Failure, Loading, Nothing } from "@/components/states";
import { DataAge } from "@/components/timestamp";
import { FoundList } from "@/features/observability/traces/found-list";
import { Scatter } from "@/features/observability/traces/scatter";
import { SearchForm } from "@/features/observability/traces/search-form";
import { NO_PARTS } from "@/features/observability/traces/traceql";
import { LIMIT, useTraces } from "@/features/observability/traces/use-traces";
import type { TracesSearch } from "@/features/observability/search";
import type { TraceFound, TraceList } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { plural } from "@/lib/format";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";

/** The search, and the traces that it has found. */
export function Found({ round, onAgain }: { round: number; onAgain: () => void }) {
  const found = useTraces(useSearch<TracesSearch>(), round);
  const { data } = found;
  const refused =
    found.error instanceof ApiError && found.error.code === "INVALID_TRACEQL" ? found.error.message : undefined;
  return (
    <>
      <SearchForm onAgain={onAgain} refused={refused} />
      {found.isPending ? (
        <Loading lines={10} label="Searching traces" />
      ) : refused !== undefined ? (
        <Nothing title="The clusters do not understand this query">{refused}</Nothing>
      ) : found.error ? (
        <Failure error={found.error} what="The traces" onRetry={onAgain} />
      ) : data === undefined ? null : (
        <Traces stale={found.isPlaceholderData} answer={data.answer} window={data.window} at={found.dataUpdatedAt} onAgain={onAgain} />
      )}
    </>
  );
}

interface TracesProps {
  answer: TraceList;
  window: { start: number; end: number };
  at: number;
  /** It answers the question before this one. */
  stale: boolean;
  onAgain: () => void;
}

function Traces({ stale, answer, window, at, onAgain }: TracesProps) {
  const { sort } = useSearch<TracesSearch>();
  const setSearch = useSetSearch<TracesSearch>();
  const { traces } = answer;
  const open = ({ trace_id }: TraceFound) => setSearch({ trace: trace_id, span: undefined });
  if (answer.clusters_queried === 0) return <NoTempo />;
  const full = traces.length >= LIMIT;
  return (
    <>
      <PartialNotice
        queried={answer.clusters_queried}
        answered={answer.clusters_succeeded}
        missing={answer.missing}
        warnings={answer.warnings}
        onRetry={onAgain}
      />
      {traces.length === 0 ? (
        <NoneFound answered={answer.clusters_succeeded} />
      ) : (
        <>
          <Scatter
            traces={traces}
            window={full ? { ...window, start: oldestOf(traces) } : window}
            onOpen={open}
            onZoom={(from, to) => setSearch({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
          />
          <div className="toolbar">
            <span className="quiet numbers" role="status">
              {full
                ? `The newest ${LIMIT} traces in ${plural(answer.clusters_succeeded, "cluster")}; for older ones narrow the search or the time range`
                : `${plural(traces.length, "trace")} in ${plural(answer.clusters_succeeded, "cluster")}`}
            </span>
            <span className="toolbar-end">
              <DataAge at={at} />
            </span>
          </div>
          <div className={stale ? "traces-list is-stale" : "traces-list"} aria-busy={stale}>
            <FoundList
              traces={traces}
              sort={sort}
              onSort={(by) => setSearch({ sort: by as TracesSearch["sort"] }, { replace: true })}
              onOpen={open}
            />
          </div>
        </>
      )}
    </>
  );
}

/** Where there are more than are given, only the time is drawn of which all are. */
const oldestOf = (traces: readonly TraceFound[]) =>
  Math.min(...traces.map(({ start_time }) => Date.parse(start_time)));

function NoneFound({ answered }: { answered: number }) {
  const setSearch = useSetSearch<TracesSearch>();
  return (
    <Nothing
      title="No trace matches"
      actions={
        <Button variant="secondary" onClick={() => setSearch(NO_PARTS)}>
          Search for any trace
        </Button>
      }
    >
      {plural(answered, "cluster")} answered and found none in this time range. Take a longer range, or ask for less.
    </Nothing>
  );
}

function NoTempo() {
  return (
    <Nothing title="No cluster has a Tempo" actions={<PageLink to="/clusters">Go to the clusters</PageLink>}>
      Open a cluster and give it the address of its Tempo (endpoint Tempo); clusters that are offline are not asked.
    </Nothing>
  );
}
