/** One trace, whole: what it is, who has told of it, and its waterfall. */

import { Button, Label } from "@patternfly/react-core";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { WithDrawer } from "@/components/drawer";
import { PageFrame } from "@/components/page-frame";
import { PartialNotice } from "@/components/partial-notice";
import { Failure, Loading, Nothing } from "@/components/states";
import { At } from "@/components/timestamp";
import { coloursOf } from "@/features/observability/traces/colours";
import { duration, later } from "@/features/observability/traces/duration";
import { SpanDetail } from "@/features/observability/traces/span-detail";
import { servicesOf, treeOf } from "@/features/observability/traces/tree";
import { Waterfall } from "@/features/observability/traces/waterfall";
import type { TracesSearch } from "@/features/observability/search";
import { useGetTrace } from "@/generated/api";
import type { ClusterMissing, WholeTrace } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { plural } from "@/lib/format";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";
import { ExclamationCircleIcon } from "@patternfly/react-icons";

export function TraceView({ id }: { id: string }) {
  const setSearch = useSetSearch<TracesSearch>();
  const found = useGetTrace(id, undefined, { query: { staleTime: 60_000, placeholderData: keepPreviousData } });
  const trace = found.data;
  const again = () => void found.refetch();
  const back = (
    <Button variant="link" isInline onClick={() => setSearch({ trace: undefined, span: undefined })}>
      ‹ Traces
    </Button>
  );
  if (!trace) {
    return (
      <PageFrame title={`Trace ${id.slice(0, 12)}…`} trail={back}>
        {found.isPending ? <Loading lines={12} label="Reading the trace" /> : <NotThere error={found.error} onAgain={again} />}
      </PageFrame>
    );
  }
  return (
    <PageFrame
      fills
      trail={back}
      title={trace.root_operation ?? "Trace without its root"}
      subtitle={<Summary trace={trace} />}
      actions={
        <>
          <Around trace={trace} />
          <CopyMenu request={{ path: `/api/v1/traces/${trace.trace_id}` }} />
        </>
      }
    >
      <Whole trace={trace} onAgain={again} />
      <Picture trace={trace} />
    </PageFrame>
  );
}

function Summary({ trace }: { trace: WholeTrace }) {
  const errors = trace.spans.filter(({ status }) => status === "ERROR").length;
  return (
    <span className="traces-summary numbers">
      {trace.root_service ? <strong>{trace.root_service}</strong> : null}
      <strong>{duration(trace.duration_ms)}</strong>
      <span>
        <At at={trace.start_time} precision="ms" />
      </span>
      <span>{plural(trace.spans.length, "span")}</span>
      <span>{trace.clusters.map(({ cluster_name }) => cluster_name).join(", ")}</span>
      {errors > 0 ? (
        <Label isCompact status="danger" icon={<ExclamationCircleIcon />}>
          {plural(errors, "span")} failed
        </Label>
      ) : null}
      <span className="mono">{trace.trace_id}</span>
    </span>
  );
}

/** The log lines that name the trace, in the clusters that have spans of it. */
function Around({ trace }: { trace: WholeTrace }) {
  const search = {
    query: `{namespace=~".+"} |= "${trace.trace_id}"`,
    clusters: trace.clusters.map(({ cluster_id }) => cluster_id),
    from: later(trace.start_time, -60_000),
    to: later(trace.start_time, trace.duration_ms + 60_000),
  };
  return (
    <PageLink to="/observability/logs" search={search} className="traces-way">
      Log lines with this trace
    </PageLink>
  );
}

/** Who has not told what they have of the trace: then there may be more of it. */
function Whole({ trace, onAgain }: { trace: WholeTrace; onAgain: () => void }) {
  return (
    <>
      <PartialNotice
        queried={trace.clusters_queried}
        answered={trace.clusters_succeeded}
        missing={trace.missing}
        warnings={trace.warnings}
        onRetry={onAgain}
      />
      {trace.missing.length > 0 ? (
        <p className="traces-partial" role="status">
          This trace may have more spans, in {trace.missing.map(({ cluster_name }) => cluster_name).join(", ")}.
        </p>
      ) : null}
    </>
  );
}

function Picture({ trace }: { trace: WholeTrace }) {
  const { span } = useSearch<TracesSearch>();
  const setSearch = useSetSearch<TracesSearch>();
  const tree = useMemo(() => treeOf(trace.spans, trace.critical_path), [trace]);
  const services = useMemo(() => servicesOf(trace.spans), [trace]);
  const colours = useMemo(() => coloursOf(services.map(({ name }) => name)), [services]);
  const open = span === undefined ? undefined : tree.byId.get(span);
  return (
    <WithDrawer
      drawer={
        open ? (
          <SpanDetail
            key={open.span.span_id}
            node={open}
            traceId={trace.trace_id}
            onClose={() => setSearch({ span: undefined }, { replace: true })}
          />
        ) : null
      }
    >
      <Waterfall
        tree={tree}
        services={services}
        colours={colours}
        openId={open?.span.span_id}
        onOpen={(id) => setSearch({ span: id }, { replace: true })}
      />
    </WithDrawer>
  );
}

function NotThere({ error, onAgain }: { error: Error | null; onAgain: () => void }) {
  if (!(error instanceof ApiError) || error.code !== "NOT_FOUND") {
    return <Failure error={error ?? new Error("nothing was read")} what="The trace" onRetry={onAgain} />;
  }
  const queried = Number(error.details["clusters_queried"] ?? 0);
  const missing = (error.details["missing"] ?? []) as ClusterMissing[];
  return (
    <>
      <PartialNotice queried={queried} answered={queried - missing.length} missing={missing} onRetry={onAgain} />
      <Nothing
        title={queried === 0 ? "No cluster has a Tempo" : "No cluster has this trace"}
        actions={
          <Button variant="secondary" onClick={onAgain}>
            Look again
          </Button>
        }
      >
        {queried === 0
          ? "Open a cluster and give it the address of its Tempo (endpoint Tempo)."
          : `${plural(queried - missing.length, "cluster")} looked for it. It may not be stored yet (look again in a few seconds), not be sampled, or be older than what Tempo keeps.`}
      </Nothing>
    </>
  );
}
