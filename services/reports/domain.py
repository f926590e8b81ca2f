"""What becomes of reports and of their schedules: pure decisions."""

from datetime import datetime, timedelta
from uuid import UUID

from contracts.acting import Acting
from contracts.refusals import Code, Refused
from contracts.reports import (
    SCHEDULE_LIVES,
    Recurring,
    ReportAsked,
    ReportDeleted,
    ReportEnd,
    ReportEvent,
    ReportFailed,
    ReportGenerated,
    ReportRequested,
    ReportScheduled,
    ReportScheduleEvent,
    ReportStarted,
    ReportUnscheduled,
    TimeRange,
)

LONGEST_REASON = 500


def last(_: ReportEvent | None, event: ReportEvent) -> ReportEvent:
    """The state of a report is its last event."""
    return event


def last_of_schedule(
    _: ReportScheduleEvent | None, event: ReportScheduleEvent
) -> ReportScheduleEvent:
    """The state of a schedule is its last event."""
    return event


def is_pending(state: object) -> bool:
    """True while it is still to be made."""
    return isinstance(state, ReportRequested | ReportStarted)


def _kept(state: ReportEvent) -> dict[str, object]:
    """What every event of a report carries."""
    return {
        "report_id": state.report_id,
        "asked": state.asked,
        "generated_by": state.generated_by,
        "schedule_id": state.schedule_id,
        "requested_at": state.requested_at,
        "expires_at": state.expires_at,
    }


def started(state: ReportEvent) -> ReportStarted:
    """It is being made."""
    return ReportStarted.model_validate(_kept(state))


def generated(
    state: ReportEvent, size_bytes: int, sha256: str, gaps: int, model: str | None
) -> ReportGenerated:
    """It can be read."""
    made = {"size_bytes": size_bytes, "sha256": sha256, "gaps": gaps, "model": model}
    return ReportGenerated.model_validate(_kept(state) | made)


def failed(state: ReportEvent, code: str, reason: str) -> ReportFailed:
    """It was not made."""
    why = {"code": code, "reason": reason[:LONGEST_REASON] or code}
    return ReportFailed.model_validate(_kept(state) | why)


def delete(state: ReportEvent | None, report_id: UUID, reason: ReportEnd) -> ReportDeleted:
    """It goes; REPORT_NOT_FOUND if there is none."""
    if state is None or isinstance(state, ReportDeleted):
        raise Refused(Code.REPORT_NOT_FOUND, f"there is no report {report_id}")
    return ReportDeleted.model_validate(_kept(state) | {"reason": reason})


def schedule(
    schedule_id: UUID, recurring: Recurring, acting: Acting, by: str, at: datetime
) -> ReportScheduled:
    """It is made again and again, for as long as rights are kept."""
    return ReportScheduled(
        schedule_id=schedule_id,
        recurring=recurring,
        scheduled_by=by,
        expires_at=at + SCHEDULE_LIVES,
        acting=acting,
    )


def unschedule(
    state: ReportScheduleEvent | None, schedule_id: UUID, reason: ReportEnd
) -> ReportUnscheduled:
    """It is made no more; REPORT_NOT_FOUND if there is no such schedule."""
    if state is None or isinstance(state, ReportUnscheduled):
        raise Refused(Code.REPORT_NOT_FOUND, f"there is no schedule {schedule_id}")
    return ReportUnscheduled(
        schedule_id=schedule_id,
        recurring=state.recurring,
        scheduled_by=state.scheduled_by,
        expires_at=state.expires_at,
        reason=reason,
    )


def request_of(
    scheduled: ReportScheduled, report_id: UUID, at: datetime, kept: timedelta
) -> ReportRequested:
    """The report that a schedule has made at a time: about the days before it."""
    recurring = scheduled.recurring
    period = TimeRange(start=at - timedelta(days=recurring.period_days), end=at)
    asked = ReportAsked(
        title=recurring.title,
        report_type=recurring.report_type,
        format=recurring.format,
        cluster_scope=recurring.cluster_scope,
        time_range=period,
    )
    return ReportRequested(
        report_id=report_id,
        asked=asked,
        generated_by=scheduled.scheduled_by,
        schedule_id=scheduled.schedule_id,
        requested_at=at,
        expires_at=at + kept,
        acting=scheduled.acting,
    )
