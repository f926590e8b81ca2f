/** Reports that are made again and again. */

import { Button } from "@patternfly/react-core";
import { CalendarAltIcon, TrashIcon } from "@patternfly/react-icons";
import { useMemo, useState, type ReactNode } from "react";

import { DataTable, type Column } from "@/components/data-table";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { DeleteDialog } from "@/features/reports/shared/delete-dialog";
import { useMayOf } from "@/features/reports/shared/rights";
import { Scope } from "@/features/reports/shared/status";
import { useSchedules } from "@/features/reports/shared/use-reports";
import { FORMATS, toMinute, TYPES } from "@/features/reports/shared/words";
import type { ScheduleView } from "@/generated/api.schemas";
import { cronInWords, nextTimes, readCron } from "@/lib/cron";
import { plural } from "@/lib/format";
import { useAsOf, useClock, useNow } from "@/lib/moment";
import { PageLink } from "@/lib/place";

const idOf = ({ id }: ScheduleView) => id;

export function SchedulesTab({ start }: { start: ReactNode }) {
  const query = useSchedules();
  const { as_of } = useAsOf();
  const mayOf = useMayOf();
  const [deleting, setDeleting] = useState<ScheduleView>();
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  const columns = useMemo(() => scheduleColumns(mayOf, setDeleting), [mayOf]);
  return (
    <>
      <div className="toolbar">
        <p className="hint reports-intro">
          Made by themselves, each with the rights that whoever scheduled it had then; so a schedule ends after 180 days.
        </p>
        <span className="toolbar-end">
          <span className="quiet numbers" aria-live="polite">
            {total > 0 ? plural(total, "schedule") : ""}
          </span>
          {rows.length > 0 ? start : null}
        </span>
      </div>
      {query.error && query.data ? <InlineFailure error={query.error} what="The list could not be read again" /> : null}
      {query.data === undefined ? (
        query.error ? (
          <Failure error={query.error} what="The schedules" onRetry={() => void query.refetch()} />
        ) : (
          <Loading lines={6} label="Loading the schedules" />
        )
      ) : rows.length === 0 ? (
        <Nothing title="No report is scheduled" icon={CalendarAltIcon} actions={start ?? undefined}>
          {as_of === undefined
            ? "Have the summary of the week made every Monday before the meeting, or the capacity plan on the first of the month."
            : "None was scheduled at the instant that is shown."}
        </Nothing>
      ) : (
        <div className="reports-rows">
          <DataTable
            label="Schedules"
            rows={rows}
            columns={columns}
            idOf={idOf}
            total={total}
            onMore={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
          />
        </div>
      )}
      {deleting ? (
        <DeleteDialog
          what="schedule"
          id={deleting.id}
          title={deleting.title}
          onDone={() => setDeleting(undefined)}
          onClose={() => setDeleting(undefined)}
        />
      ) : null}
    </>
  );
}

function scheduleColumns(may: (scope: readonly string[]) => boolean, onDelete: (schedule: ScheduleView) => void): readonly Column<ScheduleView>[] {
  return [
    {
      id: "title",
      header: "Schedule",
      width: "minmax(7rem, 2fr)",
      cell: (schedule) => <Title schedule={schedule} />,
    },
    {
      id: "when",
      header: "When",
      width: "minmax(6rem, 1.2fr)",
      cell: ({ cron }) => (
        <span className="reports-wraps" title={cron}>
          {cronInWords(cron)}
        </span>
      ),
    },
    { id: "next", header: "Next", width: "minmax(9.5rem, 1fr)", from: 30, cell: (schedule) => <Next schedule={schedule} /> },
    {
      id: "scope",
      header: "Scope",
      width: "minmax(5.5rem, 0.7fr)",
      from: 60,
      cell: ({ cluster_scope }) => (
        <span className="cut">
          <Scope ids={cluster_scope} />
        </span>
      ),
    },
    { id: "by", header: "By", width: "minmax(4rem, 0.6fr)", from: 60, cell: ({ scheduled_by }) => <span className="cut">{scheduled_by}</span> },
    { id: "ends", header: "Ends", width: "minmax(5.5rem, 0.6fr)", from: 45, cell: ({ expires_at }) => <Ago at={expires_at} /> },
    {
      id: "actions",
      header: "Delete",
      width: "3.25rem",
      align: "end",
      cell: (schedule) =>
        may(schedule.cluster_scope) ? (
          <Button variant="plain" size="sm" aria-label={`Delete: ${schedule.title}`} icon={<TrashIcon />} onClick={() => onDelete(schedule)} />
        ) : null,
    },
  ];
}

function Title({ schedule }: { schedule: ScheduleView }) {
  const { id, title, report_type, format, period_days } = schedule;
  return (
    <span className="reports-title">
      <PageLink to="/reports" search={{ schedule_id: id }} className="reports-name cut" aria-label={`${title}: what it has made`}>
        <span dir="auto" title={title}>
          {title}
        </span>
      </PageLink>
      <span className="reports-what cut">
        <span className="reports-narrow">
          <Next schedule={schedule} /> ·{" "}
        </span>
        {TYPES[report_type].said} · {FORMATS[format][0]} · of {plural(period_days, "day")}
      </span>
    </span>
  );
}

function Next({ schedule: { cron, expires_at } }: { schedule: ScheduleView }) {
  const now = useNow(30_000);
  const clock = useClock();
  const read = readCron(cron);
  const next = typeof read === "string" ? undefined : nextTimes(read, now, 1)[0];
  if (next === undefined || next >= Date.parse(expires_at)) return <span className="quiet">none any more</span>;
  return (
    <time dateTime={new Date(next).toISOString()} className="numbers">
      {toMinute(clock(next))}
    </time>
  );
}
