import { DataTable, type Column } from "@/components/data-table";
import { At } from "@/components/timestamp";
import { duration } from "@/features/observability/traces/duration";
import type { TracesSearch } from "@/features/observability/search";
import type { TraceFound } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { ExclamationCircleIcon } from "@patternfly/react-icons";

interface FoundListProps {
  traces: readonly TraceFound[];
  sort: TracesSearch["sort"];
  onSort: (sort: string) => void;
  onOpen: (trace: TraceFound) => void;
}

/** Traces that were found, one a row. */
export function FoundList({ traces, sort = "-start", onSort, onOpen }: FoundListProps) {
  const longest = Math.max(0.001, ...traces.map(({ duration_ms }) => duration_ms));
  return (
    <DataTable
      label="Traces"
      rows={sorted(traces, sort)}
      columns={columnsFor(longest)}
      idOf={({ trace_id }) => trace_id}
      sort={sort}
      onSort={onSort}
      onOpen={onOpen}
    />
  );
}

function columnsFor(longest: number): Column<TraceFound>[] {
  return [
    {
      id: "root",
      header: "Root",
      width: "minmax(10rem, 2fr)",
      cell: ({ root_service, root_operation }) => (
        <span title={`${root_service ?? "?"}: ${root_operation ?? "?"}`}>
          {root_operation ?? <span className="quiet">root not there</span>}
          <span className="quiet"> {root_service}</span>
        </span>
      ),
    },
    {
      id: "start",
      header: "Began",
      width: "11rem",
      sort: "start",
      from: 45,
      cell: ({ start_time }) => <At at={start_time} />,
    },
    {
      id: "duration",
      header: "Duration",
      width: "minmax(7rem, 1fr)",
      sort: "duration",
      cell: ({ duration_ms, has_errors }) => (
        <span className="traces-duration numbers">
          <span>{duration(duration_ms)}</span>
          <span
            className={has_errors ? "traces-duration-bar is-error" : "traces-duration-bar"}
            style={{ inlineSize: `${Math.max(1, (duration_ms / longest) * 100)}%` }}
          />
        </span>
      ),
    },
    {
      id: "errors",
      header: "Errors",
      width: "5rem",
      from: 30,
      cell: ({ has_errors }) =>
        has_errors === null ? (
          <span className="quiet">not known</span>
        ) : has_errors ? (
          <span className="traces-error">
            <ExclamationCircleIcon /> Error
          </span>
        ) : null,
    },
    {
      id: "spans",
      header: "Spans",
      width: "5rem",
      sort: "spans",
      from: 60,
      align: "end",
      cell: ({ span_count }) => <span className="numbers">{span_count === null ? "–" : count(span_count)}</span>,
    },
    {
      id: "services",
      header: "Services",
      width: "5rem",
      from: 75,
      align: "end",
      cell: ({ service_count }) => <span className="numbers">{service_count === null ? "–" : count(service_count)}</span>,
    },
    {
      id: "cluster",
      header: "Cluster",
      width: "minmax(7rem, 1fr)",
      from: 45,
      cell: ({ clusters, cluster_name }) => (
        <span title={clusters.map(({ cluster_name: name }) => name).join(", ")}>
          {cluster_name}
          {clusters.length > 1 ? <span className="quiet"> and {plural(clusters.length - 1, "other")}</span> : null}
        </span>
      ),
    },
  ];
}

/** The hub gives the newest; among them the order is chosen here. */
export function sorted(traces: readonly TraceFound[], by: NonNullable<TracesSearch["sort"]>): TraceFound[] {
  const down = by.startsWith("-");
  const value = (trace: TraceFound) =>
    by.endsWith("start")
      ? Date.parse(trace.start_time)
      : by.endsWith("duration")
        ? trace.duration_ms
        : (trace.span_count ?? -1);
  return traces.toSorted((a, b) => (down ? value(b) - value(a) : value(a) - value(b)));
}
