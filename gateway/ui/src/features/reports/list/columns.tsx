/** What a row of reports shows. */

import { Button } from "@patternfly/react-core";
import { DownloadIcon, TrashIcon } from "@patternfly/react-icons";

import type { Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import { Scope, Status } from "@/features/reports/shared/status";
import { failureInWords, FORMATS, gapsInWords, isOver, statusesSaid, stepInWords, toMinute, TYPES } from "@/features/reports/shared/words";
import { getDownloadReportUrl } from "@/generated/api";
import type { ReportProgress, ReportView, TimeRange } from "@/generated/api.schemas";
import { bytes } from "@/lib/format";
import { useClock } from "@/lib/moment";
import { PageLink } from "@/lib/place";

interface Shown {
  progress: ReadonlyMap<string, ReportProgress>;
  may: (scope: readonly string[]) => boolean;
  onDelete: (report: ReportView) => void;
}

export function reportColumns({ progress, may, onDelete }: Shown): readonly Column<ReportView>[] {
  return [
    {
      id: "status",
      header: "Status",
      width: "minmax(6.75rem, 0.7fr)",
      from: 30,
      cell: (report) => <Status report={report} progress={progress.get(report.id)} />,
    },
    { id: "title", header: "Report", width: "minmax(7rem, 2.4fr)", cell: (report) => <Title report={report} progress={progress.get(report.id)} /> },
    {
      id: "scope",
      header: "Scope",
      width: "minmax(5.5rem, 0.8fr)",
      from: 60,
      cell: ({ cluster_scope }) => (
        <span className="cut">
          <Scope ids={cluster_scope} />
        </span>
      ),
    },
    { id: "period", header: "Period", width: "minmax(9.5rem, 0.9fr)", from: 60, cell: ({ time_range }) => <Period of={time_range} /> },
    {
      id: "made",
      header: "Asked for",
      width: "minmax(6.5rem, 0.8fr)",
      from: 30,
      cell: ({ created_at, generated_by, schedule_id }) => (
        <span className="reports-two">
          <Ago at={created_at} />
          <span className="quiet cut" title={`by ${generated_by}`}>
            {schedule_id ? "on a schedule" : `by ${generated_by}`}
          </span>
        </span>
      ),
    },
    {
      id: "expires",
      header: "Expires",
      width: "minmax(5rem, 0.5fr)",
      from: 60,
      cell: ({ expires_at }) => <Ago at={expires_at} />,
    },
    { id: "download", header: "File", width: "2.5rem", align: "end", cell: (report) => <Download report={report} /> },
    {
      id: "delete",
      header: "Delete",
      width: "3.25rem",
      from: 30,
      align: "end",
      cell: (report) =>
        may(report.cluster_scope) ? (
          <Button variant="plain" size="sm" aria-label={`Delete: ${report.title}`} icon={<TrashIcon />} onClick={() => onDelete(report)} />
        ) : null,
    },
  ];
}

function Title({ report, progress }: { report: ReportView; progress: ReportProgress | undefined }) {
  const { id, title, report_type, format, size_bytes, status } = report;
  const more = status === "FAILED" ? failureInWords(report) : status === "READY" ? gapsInWords(report) : undefined;
  return (
    <span className="reports-title">
      <PageLink to={`/reports/${id}`} className="reports-name cut">
        <span dir="auto" title={title}>
          {title}
        </span>
      </PageLink>
      <span className="reports-what cut" title={more}>
        <span className="reports-narrow">{progress && !isOver(report) ? stepInWords(progress) : statusesSaid[status]} · </span>
        {[TYPES[report_type].said, FORMATS[format][0], size_bytes === null ? "" : bytes(size_bytes)].filter(Boolean).join(" · ")}
        {more === undefined ? null : <span className={status === "FAILED" ? "reports-why" : undefined}> · {more}</span>}
      </span>
    </span>
  );
}

function Period({ of: { start, end } }: { of: TimeRange }) {
  const clock = useClock();
  return (
    <span className="reports-two numbers">
      {[start, end].map((at) => (
        <time key={at} dateTime={at} title={clock(at)}>
          {toMinute(clock(at))}
        </time>
      ))}
    </span>
  );
}

function Download({ report: { id, title, status } }: { report: ReportView }) {
  if (status !== "READY") return null;
  return <Button variant="plain" size="sm" component="a" href={getDownloadReportUrl(id)} download aria-label={`Download: ${title}`} icon={<DownloadIcon />} />;
}
