"""Folds reports and their schedules into rows."""

from contracts.reports import (
    ReportDeleted,
    ReportEvent,
    ReportFailed,
    ReportGenerated,
    ReportRequested,
    ReportScheduled,
    ReportStarted,
    ReportStatus,
    ReportUnscheduled,
)
from projections.reports.view import REPORT, SCHEDULE, ReportRow, ScheduleRow
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("reports", version=1, tables=(REPORT, SCHEDULE))


@projection.on(ReportRequested)
def requested(event: ReportRequested, at: Position, rows: Rows) -> None:
    """It waits for its turn."""
    rows.put(REPORT, _row(event, at, ReportStatus.QUEUED))


@projection.on(ReportStarted)
def started(event: ReportStarted, at: Position, rows: Rows) -> None:
    """It is being made."""
    rows.put(REPORT, _row(event, at, ReportStatus.RUNNING))


@projection.on(ReportGenerated)
def generated(event: ReportGenerated, at: Position, rows: Rows) -> None:
    """It can be read."""
    row = _row(event, at, ReportStatus.READY)
    told = {"size_bytes": event.size_bytes, "sha256": event.sha256, "gaps": event.gaps}
    rows.put(REPORT, row._replace(**told, model=event.model))


@projection.on(ReportFailed)
def failed(event: ReportFailed, at: Position, rows: Rows) -> None:
    """It came to nothing."""
    row = _row(event, at, ReportStatus.FAILED)
    reason = event.reason.replace("\0", "\ufffd")
    rows.put(REPORT, row._replace(code=event.code, reason=reason))


@projection.on(ReportDeleted)
def deleted(event: ReportDeleted, at: Position, rows: Rows) -> None:
    """It is there no more."""
    rows.delete(REPORT, (event.report_id,))


@projection.on(ReportScheduled)
def scheduled(event: ReportScheduled, at: Position, rows: Rows) -> None:
    """One is made again and again."""
    recurring = event.recurring
    row = ScheduleRow(
        id=event.schedule_id,
        title=recurring.title,
        report_type=recurring.report_type.value,
        format=recurring.format.value,
        cluster_scope=recurring.cluster_scope,
        cron=recurring.cron,
        period_days=recurring.period_days,
        scheduled_by=event.scheduled_by,
        created_at=at.logged_at,
        expires_at=event.expires_at,
    )
    rows.put(SCHEDULE, row)


@projection.on(ReportUnscheduled)
def unscheduled(event: ReportUnscheduled, at: Position, rows: Rows) -> None:
    """No more."""
    rows.delete(SCHEDULE, (event.schedule_id,))


def _row(event: ReportEvent, at: Position, status: ReportStatus) -> ReportRow:
    asked = event.asked
    return ReportRow(
        id=event.report_id,
        title=asked.title,
        report_type=asked.report_type.value,
        format=asked.format.value,
        status=status.value,
        cluster_scope=asked.cluster_scope,
        start_at=asked.time_range.start,
        end_at=asked.time_range.end,
        incident_id=asked.incident_id,
        schedule_id=event.schedule_id,
        generated_by=event.generated_by,
        created_at=event.requested_at,
        changed_at=at.logged_at,
        expires_at=event.expires_at,
        size_bytes=None,
        sha256=None,
        gaps=None,
        model=None,
        code=None,
        reason=None,
    )
