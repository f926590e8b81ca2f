"""Shapes of requests and answers about reports."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.envelope import Message
from contracts.incidents import MOST_CLUSTERS
from contracts.reports import ReportFormat, ReportType, TimeRange, Title
from gateway.rest.documented import Paged
from projections.reports.view import ReportView, ScheduleView


class ReportRequest(Message):
    """A report that is wanted."""

    report_type: ReportType
    format: ReportFormat = ReportFormat.HTML
    title: Title | None = None
    """Without one it is called by its type and time."""
    cluster_scope: Annotated[tuple[UUID, ...], Field(max_length=MOST_CLUSTERS)] = ()
    """Empty: every cluster that whoever asks may read of. Of an INCIDENT_REPORT: none is given, it
    is about those of the incident."""
    time_range: TimeRange | None = None
    """Without one: the last 7 days, of a DETAILED_ANALYSIS the last day, of a CAPACITY_PLAN the
    last 30 days, of an INCIDENT_REPORT as long as the incident lasted."""
    incident_id: UUID | None = None
    """Of an INCIDENT_REPORT, and of no other."""


class ReportList(Paged):
    """A page of reports, the newest first."""

    items: list[ReportView]


class ReportScheduleList(Paged):
    """A page of schedules, the newest first."""

    items: list[ScheduleView]
