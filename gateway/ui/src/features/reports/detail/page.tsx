import "@/features/reports/reports.css";

import { Alert, Button } from "@patternfly/react-core";
import { DownloadIcon, TrashIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { LinkButton } from "@/components/link-button";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Ago, At } from "@/components/timestamp";
import { Body } from "@/features/reports/detail/body";
import { DeleteDialog } from "@/features/reports/shared/delete-dialog";
import { useMayOf } from "@/features/reports/shared/rights";
import { Scope, StatusBadge } from "@/features/reports/shared/status";
import { useFreshReports, useProgress } from "@/features/reports/shared/use-reports";
import { failureInWords, FORMATS, gapsInWords, isOver, stepInWords, TYPES } from "@/features/reports/shared/words";
import { getDownloadReportUrl, getGetReportUrl, useGetReport } from "@/generated/api";
import type { ReportView } from "@/generated/api.schemas";
import { bytes, capitalised } from "@/lib/format";
import { ApiError } from "@/lib/http";
import { useAsOf, useClock } from "@/lib/moment";
import { PageLink, useGo, usePathParam } from "@/lib/place";

/** One report: what it is, how far it is, and itself. */
export function ReportPage() {
  const id = usePathParam("reportId");
  return <OneReport key={id} id={id} />;
}

const Trail = () => (
  <nav className="reports-trail" aria-label="Where this is">
    <PageLink to="/reports">Reports</PageLink> <span aria-hidden>›</span>
  </nav>
);

function OneReport({ id }: { id: string }) {
  useFreshReports();
  const asOf = useAsOf();
  const { data, error, refetch } = useGetReport(id, asOf);
  if (error instanceof ApiError && error.status === 404) return <NotThere id={id} />;
  if (data === undefined) {
    return (
      <PageFrame title="Report" trail={<Trail />}>
        {error ? <Failure error={error} what="The report" onRetry={() => void refetch()} /> : <Loading lines={8} label="Loading the report" />}
      </PageFrame>
    );
  }
  return <Shown report={data} error={error} />;
}

function Shown({ report, error }: { report: ReportView; error: Error | null }) {
  const { id, title, status, cluster_scope } = report;
  const asOf = useAsOf();
  const go = useGo();
  const mayOf = useMayOf();
  const [isDeleting, setDeleting] = useState(false);
  const gaps = status === "READY" ? gapsInWords(report) : undefined;
  return (
    <PageFrame
      title={<span dir="auto">{title}</span>}
      subtitle={<Subtitle report={report} />}
      trail={<Trail />}
      fills
      actions={
        <>
          {status === "READY" ? (
            <Button component="a" href={getDownloadReportUrl(id)} download icon={<DownloadIcon />}>
              Download
            </Button>
          ) : null}
          {mayOf(cluster_scope) ? (
            <Button variant="secondary" icon={<TrashIcon />} onClick={() => setDeleting(true)}>
              Delete
            </Button>
          ) : null}
          <CopyMenu request={{ path: status === "READY" ? getDownloadReportUrl(id) : getGetReportUrl(id, asOf) }} />
        </>
      }
    >
      {error ? <InlineFailure error={error} what="The report could not be read again" /> : null}
      {gaps ? <Alert isInline component="p" variant="warning" title={gaps} /> : null}
      <Itself report={report} />
      {isDeleting ? <DeleteDialog what="report" id={id} title={title} onDone={() => go("/reports")} onClose={() => setDeleting(false)} /> : null}
    </PageFrame>
  );
}

function Subtitle({ report }: { report: ReportView }) {
  const { report_type, format, status, time_range, cluster_scope, generated_by, created_at, expires_at, size_bytes, incident_id, schedule_id, model } = report;
  return (
    <ul className="plain reports-facts" aria-label="What it is">
      <li>
        <StatusBadge status={status} />
      </li>
      <li>
        {TYPES[report_type].said}, {FORMATS[format][0]}
        {size_bytes === null ? "" : `, ${bytes(size_bytes)}`}
      </li>
      {incident_id === null ? null : (
        <li>
          <PageLink to={`/incidents/${incident_id}`}>The incident</PageLink>
        </li>
      )}
      <li>
        <At at={time_range.start} /> – <At at={time_range.end} />
      </li>
      <li>
        <Scope ids={cluster_scope} most={3} />
      </li>
      <li>
        asked for by {generated_by} <Ago at={created_at} />
        {schedule_id === null ? null : (
          <>
            {", "}
            <PageLink to="/reports" search={{ schedule_id }}>
              on a schedule
            </PageLink>
          </>
        )}
      </li>
      {status === "READY" ? <li>{model === null ? "summary by a template" : `summary by ${model}`}</li> : null}
      <li>
        expires <Ago at={expires_at} />
      </li>
    </ul>
  );
}

/** The report, or what there is in its place. */
function Itself({ report }: { report: ReportView }) {
  const { as_of } = useAsOf();
  const told = useProgress(as_of === undefined && !isOver(report)).get(report.id);
  if (report.status === "READY") return <Body report={report} />;
  if (report.status === "FAILED") {
    return (
      <Nothing title="It was not made" actions={as_of === undefined ? <Again report={report} /> : undefined}>
        {failureInWords(report)}
      </Nothing>
    );
  }
  const said = told ? capitalised(stepInWords(told)) : report.status === "QUEUED" ? "It waits for its turn" : "It is being made";
  return (
    <div className="reports-making">
      <p role="status">{said}.</p>
      {as_of === undefined ? (
        <>
          <progress className="reports-bar is-wide" aria-label="How far it is" {...(told ? { max: told.of, value: told.done } : {})} />
          <p className="hint">It is shown here when it is ready; one need not wait on this page.</p>
        </>
      ) : null}
    </div>
  );
}

function Again({ report: { incident_id } }: { report: ReportView }) {
  return (
    <LinkButton to="/reports" search={{ report: "new", ...(incident_id === null ? {} : { of: incident_id }) }}>
      Ask for another one
    </LinkButton>
  );
}

function NotThere({ id }: { id: string }) {
  const { as_of } = useAsOf();
  const clock = useClock();
  return (
    <PageFrame title="Report" trail={<Trail />}>
      {as_of === undefined ? (
        <Nothing title="There is no such report" actions={<LinkButton to="/reports">All reports</LinkButton>}>
          It has been deleted or has expired, the link is wrong, or it is about clusters that you do not see.
        </Nothing>
      ) : (
        <Nothing
          title="Not there at that instant"
          actions={
            <LinkButton to={`/reports/${id}`} search={{ as_of: undefined }}>
              See it as it is now
            </LinkButton>
          }
        >
          At {clock(as_of)} nobody had asked for it, or it was deleted.
        </Nothing>
      )}
    </PageFrame>
  );
}
