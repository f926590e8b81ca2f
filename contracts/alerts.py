"""Alerts: what outside systems report, and the occurrences decided from it."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contracts.envelope import Command, Event, Message, Timestamp
from contracts.subjects import EntityKey, token

LARGEST_INGEST = 512 * 1024
"""Bytes of one IngestAlerts message; a larger post is cut into several."""

LabelName = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
LabelText = Annotated[str, StringConstraints(max_length=65536)]


def _known(told: object) -> object:
    zero = isinstance(told, str) and told.startswith(("0001-", "0000-"))
    return None if zero else told


SourceTime = Annotated[Timestamp | None, BeforeValidator(_known)]
"""A source's time; Go's zero time, the year 1 or in a western zone 0, means "not known"."""


class Severity(StrEnum):
    """How bad it is, mapped from the ``severity`` label."""

    CRITICAL = "CRITICAL"
    WARNING = "WARNING"
    INFO = "INFO"


class AlertState(StrEnum):
    """What an occurrence is now."""

    FIRING = "FIRING"
    RESOLVED = "RESOLVED"
    PENDING = "PENDING"


class Alert(Message):
    """One occurrence of an alert: from the first firing report to its resolution."""

    id: UUID
    """UUID v5 of cluster, fingerprint and the first ``starts_at`` of the occurrence."""
    fingerprint: str
    cluster_id: UUID
    alertname: str
    severity: Severity
    state: AlertState
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: Timestamp
    ends_at: Timestamp | None = None
    generator_url: str | None = None
    first_seen_at: Timestamp


class AlertReport(BaseModel):
    """One alert as Alertmanager's webhook (version 4) or its v2 API tells it.

    Field names are theirs. Unknown fields are ignored.
    Source: Alertmanager documentation, "webhook_config", and its API v2 OpenAPI document.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Literal["firing", "resolved"] | None = None
    """None from the v2 API, where an ``endsAt`` that has passed means resolved."""
    labels: dict[LabelName, LabelText] = Field(min_length=1, max_length=512)
    annotations: dict[LabelName, LabelText] = Field(default_factory=dict, max_length=512)
    startsAt: SourceTime = None  # noqa: N815 - Alertmanager's spelling
    endsAt: SourceTime = None  # noqa: N815
    generatorURL: LabelText | None = None  # noqa: N815
    fingerprint: Annotated[str, StringConstraints(max_length=4096)] | None = None


class IngestAlerts(Command):
    """Take in what a cluster's alert source reports, at most 512 KiB at a time."""

    area: ClassVar[str] = "alerts"

    cluster_id: UUID
    received_at: Timestamp
    reports: tuple[AlertReport, ...]


class _AlertFact(Event):
    entity: ClassVar[str] = "alert"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    alert: Alert

    @property
    def key(self) -> EntityKey:
        """The alert, by cluster and fingerprint."""
        return alert_key(self.alert.cluster_id, self.alert.fingerprint)

    @property
    def namespace(self) -> str | None:
        """The alert's ``namespace`` label."""
        return self.alert.labels.get("namespace")


class AlertFired(_AlertFact):
    """An occurrence began, or, if ``renewed``, is still firing after half the retention."""

    renewed: bool = False


class AlertResolved(_AlertFact):
    """An occurrence ended."""

    duration_seconds: float


AlertEvent = AlertFired | AlertResolved


class AlertRepeat(Message):
    """How often an open occurrence was reported again since the last such message."""

    alert_id: UUID
    fingerprint: str
    count: int
    last_seen_at: Timestamp


class AlertRepeats(Message):
    """Telemetry: repeats of a cluster's open alerts, at most one message a minute and worker."""

    cluster_id: UUID
    repeats: tuple[AlertRepeat, ...]


def alert_key(cluster_id: UUID, fingerprint: str) -> EntityKey:
    """An alert: the same fingerprint from two clusters is two alerts."""
    return EntityKey(str(cluster_id), "alert", token(fingerprint))
