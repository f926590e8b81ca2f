/** How far a report is, and whose clusters it is about. */

import { CheckCircleIcon, ExclamationCircleIcon, HourglassHalfIcon, InProgressIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { Badge } from "@/components/badges";
import { useClusterNaming } from "@/components/cluster-names";
import { STATUSES, stepInWords } from "@/features/reports/shared/words";
import type { ReportProgress, ReportStatus, ReportView } from "@/generated/api.schemas";

const ICONS: Readonly<Record<ReportStatus, ComponentType>> = {
  QUEUED: HourglassHalfIcon,
  RUNNING: InProgressIcon,
  READY: CheckCircleIcon,
  FAILED: ExclamationCircleIcon,
};

export function StatusBadge({ status }: { status: ReportStatus }) {
  const [said, tone] = STATUSES[status];
  return (
    <Badge tone={tone} icon={ICONS[status]}>
      {said}
    </Badge>
  );
}

/** The same with how far it is, where the stream has told that. */
export function Status({ report, progress }: { report: ReportView; progress: ReportProgress | undefined }) {
  const { status, title } = report;
  const isUnderWay = status === "RUNNING" || status === "QUEUED";
  if (!isUnderWay || progress === undefined) return <StatusBadge status={status} />;
  const said = stepInWords(progress);
  return (
    <span className="reports-under-way" title={said}>
      <StatusBadge status="RUNNING" />
      <progress className="reports-bar" max={progress.of} value={progress.done} aria-label={`${title}: ${said}`} />
      <span className="quiet numbers">
        {progress.done}/{progress.of}
      </span>
    </span>
  );
}

/** By name; without any it is about the whole fleet. */
export function Scope({ ids, most = 1 }: { ids: readonly string[]; most?: number }) {
  const names = useClusterNaming(most);
  return <span className={ids.length > 0 ? "" : "quiet"}>{ids.length > 0 ? names(ids) : "whole fleet"}</span>;
}
