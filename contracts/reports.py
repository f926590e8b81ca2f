"""Reports: what is asked for, what became of it, and those that are made again and again."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from contracts.acting import Acting
from contracts.envelope import Command, Event, Message, Timestamp
from contracts.incidents import MOST_CLUSTERS, NOT_SHOWN, Text
from contracts.subjects import NO_CLUSTER, EntityKey

LONGEST_PERIOD = timedelta(days=90)
MOST_SCHEDULES = 200
SCHEDULE_LIVES = timedelta(days=180)
"""A schedule makes reports with the rights that somebody had once: not for ever."""

# What stands in a header, a file's name, or a text of PostgreSQL holds no control characters.
Title = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Scope = Annotated[tuple[UUID, ...], Field(max_length=MOST_CLUSTERS)]
Cron = Annotated[
    str, StringConstraints(min_length=9, max_length=100, pattern=r"^[A-Za-z0-9*,/ -]+$")
]
"""Five fields in UTC, such as ``0 7 * * MON``: minute, hour, day of the month, month, weekday."""


class ReportType(StrEnum):
    """Whom a report is for."""

    EXECUTIVE_SUMMARY = "EXECUTIVE_SUMMARY"
    """One page of figures, against the period before."""
    DETAILED_ANALYSIS = "DETAILED_ANALYSIS"
    """Cluster by cluster: health, alerts, anomalies, incidents with their causes, GPUs."""
    INCIDENT_REPORT = "INCIDENT_REPORT"
    """One incident: what happened, why, what it hit, and what is left to doubt."""
    CAPACITY_PLAN = "CAPACITY_PLAN"
    """What is used of what there is, and when it would be full by a straight line."""


class ReportFormat(StrEnum):
    """How it is written."""

    HTML = "HTML"
    PDF = "PDF"
    MARKDOWN = "MARKDOWN"
    JSON = "JSON"


class ReportStatus(StrEnum):
    """How far it is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"


class TimeRange(Message):
    """What a report is about, by the log's time."""

    start: Timestamp
    end: Timestamp

    @field_validator("end")
    @classmethod
    def _is_later(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start")
        if start is not None and not timedelta(0) < end - start <= LONGEST_PERIOD:
            raise ValueError(f"must be after start, by {LONGEST_PERIOD.days} days at most")
        return end


class ReportAsked(Message):
    """What a report is to tell."""

    title: Title
    report_type: ReportType
    format: ReportFormat
    cluster_scope: Scope = ()
    """Empty: the whole fleet."""
    time_range: TimeRange
    incident_id: UUID | None = None
    """Of an INCIDENT_REPORT, and of no other."""

    @model_validator(mode="after")
    def _is_of_its_type(self) -> Self:
        if (self.report_type is ReportType.INCIDENT_REPORT) != (self.incident_id is not None):
            raise ValueError("incident_id goes with INCIDENT_REPORT, and with nothing else")
        return self

    def only(self, clusters: Collection[UUID]) -> Self:
        """As somebody sees it who may see these clusters alone."""
        shown = tuple(each for each in self.cluster_scope if each in clusters)
        return self.model_copy(update={"title": NOT_SHOWN, "cluster_scope": shown})


class _ReportFact(Event):
    entity: ClassVar[str] = "report"
    spans: ClassVar[bool] = True

    report_id: UUID
    asked: ReportAsked
    generated_by: str
    """Who asked for it, or had it scheduled."""
    schedule_id: UUID | None = None
    """That it was made by; null: it was asked for once."""
    requested_at: Timestamp
    expires_at: Timestamp
    """When it is deleted by itself."""

    @property
    def key(self) -> EntityKey:
        """The report; it may be about several clusters."""
        return report_key(self.report_id)

    @property
    def of_clusters(self) -> frozenset[UUID]:
        """The clusters that it is about; none for the whole fleet."""
        return frozenset(self.asked.cluster_scope)

    def only(self, clusters: Collection[UUID]) -> Self:
        """Without its title and with these clusters alone."""
        left: dict[str, object] = {"asked": self.asked.only(clusters)}
        return self.model_copy(update={**left, **self._only()})

    def _only(self) -> dict[str, object]:
        return {}


class ReportRequested(_ReportFact):
    """A report is to be made."""

    acting: Acting | None
    """With whose rights it reads: to read its clusters, and nothing else."""

    def _only(self) -> dict[str, object]:
        return {"acting": None}


class ReportStarted(_ReportFact):
    """It is being made."""


class ReportGenerated(_ReportFact):
    """It can be read."""

    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Of what can be read."""
    gaps: Annotated[int, Field(ge=0)] = 0
    """What could not be read, each of which it tells."""
    model: str | None = None
    """That wrote its summary; null: it was made from a template."""


class ReportFailed(_ReportFact):
    """It was not made."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    """As REST has them: ``INCIDENT_NOT_FOUND``, ``LIMIT_REACHED``, ``QUERY_TIMEOUT``, …"""
    reason: Text

    def _only(self) -> dict[str, object]:
        return {"reason": NOT_SHOWN}


class ReportEnd(StrEnum):
    """Why there is none any more."""

    DELETED = "DELETED"
    """Somebody has said so."""
    EXPIRED = "EXPIRED"
    """Its time was over."""


class ReportDeleted(_ReportFact):
    """It is there no more, and neither is what could be read of it."""

    reason: ReportEnd


ReportEvent = ReportRequested | ReportStarted | ReportGenerated | ReportFailed | ReportDeleted


class Recurring(Message):
    """A report that is made again and again."""

    title: Title
    report_type: ReportType
    format: ReportFormat
    cluster_scope: Scope = ()
    """Empty: the whole fleet."""
    cron: Cron
    period_days: Annotated[int, Field(ge=1, le=LONGEST_PERIOD.days)] = 7
    """It is about so many days before it is made."""

    @model_validator(mode="after")
    def _recurs(self) -> Self:
        if self.report_type is ReportType.INCIDENT_REPORT:
            raise ValueError("an INCIDENT_REPORT is of one incident: it cannot be scheduled")
        return self

    def only(self, clusters: Collection[UUID]) -> Self:
        """As somebody sees it who may see these clusters alone."""
        shown = tuple(each for each in self.cluster_scope if each in clusters)
        return self.model_copy(update={"title": NOT_SHOWN, "cluster_scope": shown})


class _ScheduleFact(Event):
    entity: ClassVar[str] = "report_schedule"
    spans: ClassVar[bool] = True

    schedule_id: UUID
    recurring: Recurring
    scheduled_by: str
    expires_at: Timestamp
    """It makes none from then on."""

    @property
    def key(self) -> EntityKey:
        """The schedule; it may be about several clusters."""
        return schedule_key(self.schedule_id)

    @property
    def of_clusters(self) -> frozenset[UUID]:
        """The clusters that its reports are about; none for the whole fleet."""
        return frozenset(self.recurring.cluster_scope)

    def only(self, clusters: Collection[UUID]) -> Self:
        """Without its title and with these clusters alone."""
        left: dict[str, object] = {"recurring": self.recurring.only(clusters)}
        return self.model_copy(update={**left, **self._only()})

    def _only(self) -> dict[str, object]:
        return {}


class ReportScheduled(_ScheduleFact):
    """A report is made again and again from now on."""

    acting: Acting | None
    """With whose rights it reads: those that they had when it was scheduled."""

    def _only(self) -> dict[str, object]:
        return {"acting": None}


class ReportUnscheduled(_ScheduleFact):
    """It is made no more."""

    reason: ReportEnd


ReportScheduleEvent = ReportScheduled | ReportUnscheduled


class ReportProgress(Message):
    """How far a report is: telemetry, for who waits for it."""

    report_id: UUID
    status: ReportStatus
    step: Text
    """What is being done, such as ``reading alerts``."""
    done: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=1)]
    """Steps in all."""


class GenerateReport(Command):
    """Make a report."""

    area: ClassVar[str] = "reports"

    asked: ReportAsked
    acting: Acting


class DeleteReport(Command):
    """Remove a report, and what can be read of it."""

    area: ClassVar[str] = "reports"

    report_id: UUID


class ScheduleReport(Command):
    """Have a report made again and again."""

    area: ClassVar[str] = "reports"

    recurring: Recurring
    acting: Acting


class UnscheduleReport(Command):
    """Have it made no more; those that were made stay."""

    area: ClassVar[str] = "reports"

    schedule_id: UUID


def report_key(report_id: UUID) -> EntityKey:
    """The entity of a report."""
    return EntityKey(NO_CLUSTER, "report", str(report_id))


def schedule_key(schedule_id: UUID) -> EntityKey:
    """The entity of a schedule."""
    return EntityKey(NO_CLUSTER, "report_schedule", str(schedule_id))


def progress_cluster(scope: Collection[UUID]) -> str:
    """The place of a report's progress: the one cluster that it is about, else none."""
    return str(next(iter(scope))) if len(scope) == 1 else NO_CLUSTER
