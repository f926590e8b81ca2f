"""Reports and their schedules, with sensible values; part of `rca_builders`."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.acting import Acting
from contracts.envelope import Command, Event
from contracts.reports import (
    DeleteReport,
    GenerateReport,
    Recurring,
    ReportAsked,
    ReportDeleted,
    ReportFailed,
    ReportGenerated,
    ReportProgress,
    ReportRequested,
    ReportScheduled,
    ReportStarted,
    ReportUnscheduled,
    ScheduleReport,
    UnscheduleReport,
)
from tests.kit.samples import CLUSTER_ID, START, at

REPORT_ID = UUID("dddddddd-dddd-5ddd-8ddd-dddddddddddd")
SCHEDULE_ID = UUID("eeeeeeee-eeee-5eee-8eee-eeeeeeeeeeee")


def acting(cluster: UUID | None = CLUSTER_ID) -> Acting:
    """Somebody who may read of one cluster, or of all."""
    clusters = None if cluster is None else (cluster,)
    return Acting.model_validate(
        {"name": "ada", "grants": ({"role": "viewer", "cluster_ids": clusters},)}
    )


def report_asked(**changes: Any) -> ReportAsked:
    """The week of one cluster on a page."""
    values: dict[str, Any] = {
        "title": "The week",
        "report_type": "EXECUTIVE_SUMMARY",
        "format": "HTML",
        "cluster_scope": (CLUSTER_ID,),
        "time_range": {"start": START - timedelta(days=7), "end": START},
    }
    return ReportAsked.model_validate(values | changes)


def recurring(**changes: Any) -> Recurring:
    values: dict[str, Any] = {
        "title": "Every Monday",
        "report_type": "EXECUTIVE_SUMMARY",
        "format": "PDF",
        "cluster_scope": (CLUSTER_ID,),
        "cron": "0 7 * * MON",
    }
    return Recurring.model_validate(values | changes)


def _report(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "report_id": REPORT_ID,
        "asked": report_asked(),
        "generated_by": "ada",
        "requested_at": at(),
        "expires_at": at(90 * 86_400),
    }
    return values | changes


def report_requested(**changes: Any) -> ReportRequested:
    return ReportRequested.model_validate(_report(**{"acting": acting(), **changes}))


def report_started(**changes: Any) -> ReportStarted:
    return ReportStarted.model_validate(_report(**changes))


def report_generated(**changes: Any) -> ReportGenerated:
    made = {"size_bytes": 4_711, "sha256": "0" * 64, "gaps": 1}
    return ReportGenerated.model_validate(_report(**made) | changes)


def report_failed(**changes: Any) -> ReportFailed:
    why = {"code": "INCIDENT_NOT_FOUND", "reason": "there is no such incident"}
    return ReportFailed.model_validate(_report(**why) | changes)


def report_deleted(**changes: Any) -> ReportDeleted:
    return ReportDeleted.model_validate(_report(reason="EXPIRED") | changes)


def _schedule(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "schedule_id": SCHEDULE_ID,
        "recurring": recurring(),
        "scheduled_by": "ada",
        "expires_at": at(180 * 86_400),
    }
    return values | changes


def report_scheduled(**changes: Any) -> ReportScheduled:
    return ReportScheduled.model_validate(_schedule(**{"acting": acting(), **changes}))


def report_unscheduled(**changes: Any) -> ReportUnscheduled:
    return ReportUnscheduled.model_validate(_schedule(reason="DELETED") | changes)


def report_progress(**changes: Any) -> ReportProgress:
    values = {"report_id": REPORT_ID, "status": "RUNNING", "step": "reading", "done": 2, "of": 6}
    return ReportProgress.model_validate(values | changes)


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    ReportRequested: report_requested,
    ReportStarted: report_started,
    ReportGenerated: report_generated,
    ReportFailed: report_failed,
    ReportDeleted: report_deleted,
    ReportScheduled: report_scheduled,
    ReportUnscheduled: report_unscheduled,
}
COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    GenerateReport: lambda: GenerateReport(asked=report_asked(), acting=acting()),
    DeleteReport: lambda: DeleteReport(report_id=REPORT_ID),
    ScheduleReport: lambda: ScheduleReport(recurring=recurring(), acting=acting()),
    UnscheduleReport: lambda: UnscheduleReport(schedule_id=SCHEDULE_ID),
}
