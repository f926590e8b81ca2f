"""One alert's history: what is told of it, and the log that its rules make of that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.alerts import AlertEvent, AlertFired, AlertReport, AlertResolved, AlertState
from services.alerts.domain import Head, Repeat, decide, head_of, occurrence_id
from services.alerts.normalize import Observation, normalize

CLUSTER = UUID("11111111-1111-5111-8111-111111111111")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = START + timedelta(hours=12)
RETENTION = timedelta(days=90)
LABELS = {"alertname": "NodeDown", "severity": "critical"}


@dataclass(frozen=True)
class Told:
    """What one twin tells at a time, in seconds after the start of the world."""

    starts: float
    ends: float | None = None

    def observed(
        self, received_at: datetime = LATER, *, stated: bool = True, current: bool = False
    ) -> Observation:
        """As the webhook tells it (``stated``), as the v2 API does, or as it was asked for."""
        fields: dict[str, Any] = {"labels": LABELS, "startsAt": moment(self.starts)}
        if self.ends is not None:
            fields["endsAt"] = moment(self.ends)
        if stated:
            fields["status"] = "firing" if self.ends is None else "resolved"
        report = AlertReport.model_validate(fields)
        return normalize(report, CLUSTER, received_at, current=current)


def moment(second: float) -> datetime:
    return START + timedelta(seconds=second)


@dataclass
class Log:
    """The alert's events, appended as the rules decide."""

    events: list[AlertEvent] = field(default_factory=list[AlertEvent])
    head: Head | None = None

    def take(self, observations: Iterable[Observation], at: datetime = LATER) -> "Log":
        for observation in observations:
            decision = decide(self.head, observation, at=at, retention=RETENTION)
            if isinstance(decision, AlertFired | AlertResolved):
                self.append(decision, at)
            elif isinstance(decision, Repeat):
                assert self.head is not None
                assert decision.alert_id == self.head.alert.id
        return self

    def append(self, event: AlertEvent | None, at: datetime = LATER) -> None:
        if event is not None:
            self.events.append(event)
            self.head = head_of(event, at)

    @property
    def state(self) -> AlertState | None:
        return None if self.head is None else self.head.alert.state


def assert_lawful(events: Sequence[AlertEvent], cluster_id: UUID = CLUSTER) -> None:
    """Each occurrence begins and ends once, one after the other."""
    open_id: UUID | None = None
    starts: list[datetime] = []
    for event in events:
        alert = event.alert
        assert alert.id == open_id if open_id is not None else alert.starts_at not in starts
        match event:
            case AlertFired():
                assert (open_id is not None) == event.renewed
                assert (alert.state, alert.ends_at) == (AlertState.FIRING, None)
            case AlertResolved():
                assert alert.ends_at is not None
                assert event.duration_seconds == (alert.ends_at - alert.starts_at).total_seconds()
                assert event.duration_seconds >= 0
        assert alert.id == occurrence_id(cluster_id, alert.fingerprint, alert.starts_at)
        starts += [] if alert.starts_at in starts[-1:] else [alert.starts_at]
        open_id = alert.id if isinstance(event, AlertFired) else None
    assert starts == sorted(starts)
