"""Alerts: what outside systems report, and the occurrences decided from it."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contracts.envelope import Command, Event, Message, Query, Timestamp
from contracts.subjects import EntityKey, token

LARGEST_INGEST = 512 * 1024
"""Bytes of one IngestAlerts message; a larger post is cut into several."""

OCCURRENCES = UUID("0b7c5c0e-52c5-5f5b-9d5e-6a1f0f6f7a31")
"""Namespace of the ids of alerts: a part of every published id, so it never changes."""

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
    """Also where the label is missing, or says something else."""
    INFO = "INFO"


class AlertState(StrEnum):
    """What an occurrence is now."""

    FIRING = "FIRING"
    RESOLVED = "RESOLVED"
    PENDING = "PENDING"
    """Its condition holds, not yet for as long as its rule wants."""


class Alert(Message):
    """One occurrence of an alert: from the first firing report to its resolution."""

    id: UUID
    """UUID v5 of cluster, fingerprint and the first ``starts_at`` of the occurrence."""
    fingerprint: str
    """The source's, else that of Prometheus over its labels: 16 hex digits."""
    cluster_id: UUID
    alertname: str
    """Of the label of that name; ``unknown`` without one."""
    severity: Severity
    state: AlertState
    labels: dict[str, str]
    """As the source tells them, without empty ones."""
    annotations: dict[str, str]
    """As the source tells them: ``summary``, ``description``, ``runbook_url`` …"""
    starts_at: Timestamp
    """By the source; when it was received, if that does not say."""
    ends_at: Timestamp | None = None
    """Null until it is resolved."""
    generator_url: str | None = None
    """Where its rule is shown; null if the source does not tell."""
    first_seen_at: Timestamp
    """When the hub was first told of the occurrence."""


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
    """It fires on: told again so that it does not age out of the log. Nothing new has happened."""
    expires_at: Timestamp | None = None
    """When its source takes it for ended unless it is told again; None where the source says so."""


class Ending(StrEnum):
    """How it is known that an occurrence ended."""

    REPORTED = "REPORTED"
    """Its source has said so."""
    EXPIRED = "EXPIRED"
    """It was not told again until its ``expires_at``."""
    GONE = "GONE"
    """The cluster's Alertmanager does not know it any more."""


class AlertResolved(_AlertFact):
    """An occurrence ended."""

    duration_seconds: float
    """From `starts_at` to `ends_at`."""
    ending: Ending = Ending.REPORTED


AlertEvent = AlertFired | AlertResolved


class _MutingFact(Event):
    """Whether notifications of an alert are held back: of its label set, not of an occurrence."""

    entity: ClassVar[str] = "alert_muting"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    alert: Alert

    @property
    def key(self) -> EntityKey:
        """The muting of one alert, by cluster and fingerprint."""
        return muting_key(self.alert.cluster_id, self.alert.fingerprint)

    @property
    def namespace(self) -> str | None:
        """The alert's ``namespace`` label."""
        return self.alert.labels.get("namespace")


class AlertSilenced(_MutingFact):
    """Alertmanager holds back what it would notify of this alert; at least one list has a part."""

    silenced_by: tuple[str, ...] = ()
    """Ids of silences."""
    inhibited_by: tuple[str, ...] = ()
    """Fingerprints of alerts that stand for it."""


class AlertUnsilenced(_MutingFact):
    """Nothing holds it back any more."""


MutingEvent = AlertSilenced | AlertUnsilenced


class _PendingFact(Event):
    entity: ClassVar[str] = "pending_alert"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    alert: Alert
    """In the state PENDING; its id is of the alert, the same each time it is pending."""

    @property
    def key(self) -> EntityKey:
        """What is pending of one alert, by cluster and fingerprint."""
        return pending_key(self.alert.cluster_id, self.alert.fingerprint)

    @property
    def namespace(self) -> str | None:
        """The alert's ``namespace`` label."""
        return self.alert.labels.get("namespace")


class AlertPending(_PendingFact):
    """The condition of a rule holds, but not yet for as long as the rule wants."""


class AlertPendingEnded(_PendingFact):
    """It fires now, or the condition does not hold any more."""


PendingEvent = AlertPending | AlertPendingEnded


class AlertRepeat(Message):
    """How often an open occurrence was reported again since the last such message."""

    alert_id: UUID
    """The occurrence's."""
    fingerprint: str
    count: int
    """Reports of it since the message before."""
    last_seen_at: Timestamp
    expires_at: Timestamp | None = None
    """As in `AlertFired`, by the last of these reports."""


class AlertRepeats(Message):
    """Telemetry: repeats of a cluster's open alerts, at most one message a minute and worker."""

    cluster_id: UUID
    repeats: tuple[AlertRepeat, ...]


class SilenceAlert(Command):
    """Silence an alert in its cluster's Alertmanager, by its labels; its id says which."""

    area: ClassVar[str] = "fleet"

    alert_id: UUID
    cluster_id: UUID
    labels: dict[LabelName, LabelText] = Field(min_length=1, max_length=64)
    """Each has to be equal: those of the alert, or fewer for more alerts like it."""
    fingerprint: Annotated[str, StringConstraints(max_length=4096)]
    ends_at: Timestamp
    comment: Annotated[str, StringConstraints(max_length=1024)] = ""


class UnsilenceAlert(Command):
    """End a silence in a cluster's Alertmanager."""

    area: ClassVar[str] = "fleet"

    cluster_id: UUID
    silence_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F-]{1,64}$")]


def muting_key(cluster_id: UUID, fingerprint: str) -> EntityKey:
    """Whether an alert is muted."""
    return EntityKey(str(cluster_id), "alert_muting", token(fingerprint))


def pending_key(cluster_id: UUID, fingerprint: str) -> EntityKey:
    """Whether an alert is pending."""
    return EntityKey(str(cluster_id), "pending_alert", token(fingerprint))


def alert_key(cluster_id: UUID, fingerprint: str) -> EntityKey:
    """An alert: the same fingerprint from two clusters is two alerts."""
    return EntityKey(str(cluster_id), "alert", token(fingerprint))


def pending_id(cluster_id: UUID, fingerprint: str) -> UUID:
    """The id of an alert while it is pending: of the alert itself, each time the same."""
    return uuid5(OCCURRENCES, f"pending/{cluster_id}/{fingerprint}")


class OpenAlerts(Query):
    """Which alerts are open, newest first; the parts are an array of `OpenAlert`.

    Asked of the projection of alerts, so it may be behind the log by a moment.
    """

    cluster_id: UUID | None = None
    """Of every cluster, if it is not given."""
    expired_before: Timestamp | None = None
    """Only those whose ``expires_at`` is before this."""
    limit: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000


class OpenAlert(Message):
    """An open alert, as `OpenAlerts` tells it."""

    id: UUID
    cluster_id: UUID
    fingerprint: str
    state: AlertState
    """FIRING or PENDING."""
    starts_at: Timestamp
    expires_at: Timestamp | None
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]
