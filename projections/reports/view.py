"""The rows of reports and of their schedules, and both as people see them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contracts.envelope import Message, Timestamp
from contracts.reports import ReportFormat, ReportStatus, ReportType, TimeRange
from services.runtime.projections.table import Table


class ReportRow(NamedTuple):
    """A report as its last event tells it."""

    id: UUID
    title: str
    report_type: str
    format: str
    status: str
    cluster_scope: tuple[UUID, ...]
    """None: the whole fleet."""
    start_at: datetime
    end_at: datetime
    incident_id: UUID | None
    schedule_id: UUID | None
    generated_by: str
    created_at: datetime
    """When it was asked for."""
    changed_at: datetime
    expires_at: datetime
    size_bytes: int | None
    sha256: str | None
    gaps: int | None
    model: str | None
    code: str | None
    reason: str | None


class ScheduleRow(NamedTuple):
    """A schedule that makes reports."""

    id: UUID
    title: str
    report_type: str
    format: str
    cluster_scope: tuple[UUID, ...]
    cron: str
    period_days: int
    scheduled_by: str
    created_at: datetime
    expires_at: datetime


class ReportView(Message):
    """A report in REST."""

    id: UUID
    title: str
    report_type: ReportType
    format: ReportFormat
    status: ReportStatus
    cluster_scope: list[UUID]
    """Empty: the whole fleet."""
    time_range: TimeRange
    incident_id: UUID | None
    schedule_id: UUID | None
    """Of the schedule that had it made; null: somebody asked for it."""
    generated_by: str
    """Who asked for it, or had it scheduled: it was read with their rights."""
    created_at: Timestamp
    changed_at: Timestamp
    expires_at: Timestamp
    """It is deleted then."""
    size_bytes: int | None
    """Null until it is READY, as the next three."""
    sha256: str | None
    gaps: int | None
    """What could not be read, each of which it tells."""
    model: str | None
    """That wrote its summary; null also where it was made from a template."""
    code: str | None
    """Why it has FAILED."""
    reason: str | None


class ScheduleView(Message):
    """A report that is made again and again."""

    id: UUID
    title: str
    report_type: ReportType
    format: ReportFormat
    cluster_scope: list[UUID]
    """Empty: the whole fleet."""
    cron: str
    """In UTC."""
    period_days: int
    scheduled_by: str
    """Its reports are read with the rights that they had when they scheduled it."""
    created_at: Timestamp
    expires_at: Timestamp
    """It makes none from then on."""


REPORT = Table(
    "report",
    ReportRow,
    key=("id",),
    indexes=("(created_at desc, id)", "(schedule_id)", "using gin (cluster_scope)"),
    history=True,
)
SCHEDULE = Table("schedule", ScheduleRow, key=("id",), history=True)
