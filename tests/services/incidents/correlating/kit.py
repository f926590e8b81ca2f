"""A log in which inputs and decisions stand, for tests."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from contracts.alerts import AlertFired, AlertResolved, Severity
from contracts.envelope import Event, Recorded
from contracts.incidents import CorrelationRule, IncidentEvent
from services.incidents.correlating import Board, Decision, Settings
from tests.kit import builders
from tests.kit.samples import CLUSTER_ID, START

_SPACE = UUID("7d3c7d1e-52c5-5f5b-9d5e-6a1f0f6f7a33")


def signal_id(name: str, *parts: object) -> UUID:
    return uuid5(_SPACE, "/".join(map(str, (name, *parts))))


def alert(name: str, /, began: float = 0, *, key: object = "", **labels: str) -> AlertFired:
    """An alert that fires since so many seconds after the start; critical if its labels say so."""
    critical = labels.pop("severity", "warning") == "critical"
    cluster = UUID(labels.pop("cluster", str(CLUSTER_ID)))
    told = {"alertname": name} | labels
    return builders.fired(
        id=signal_id(name, key, cluster, sorted(labels.items())),
        fingerprint=signal_id(name, cluster, sorted(labels.items())).hex[:16],
        alertname=name,
        cluster_id=cluster,
        severity=Severity.CRITICAL if critical else Severity.WARNING,
        labels=told,
        starts_at=START + timedelta(seconds=began),
    )


def over(event: AlertFired, after: float = 60) -> AlertResolved:
    """The end of an alert."""
    alert = event.alert.model_copy(update={"ends_at": START + timedelta(seconds=after)})
    return AlertResolved(alert=alert, duration_seconds=after)


def pods(count: int, namespace: str = "shop", began: float = 0, **labels: str) -> list[AlertFired]:
    """Pods of one deployment that are not ready."""
    return [
        alert("KubePodNotReady", began + n, namespace=namespace, pod=f"cart-7d9c6f5b8-{n:05}",
              deployment="cart", **labels)
        for n in range(count)
    ]  # fmt: skip


def rule(**changes: Any) -> CorrelationRule:
    values: dict[str, Any] = {"id": "a-rule", "effect": "TOGETHER", "equal": ("node",)}
    return CorrelationRule.model_validate(values | changes)


class Log:
    """What was told, in order, and a board that has folded all of it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.board = Board(self.settings)
        self.records: list[Recorded] = []
        self.told: list[IncidentEvent] = []

    def add(self, *events: Event, at: float = 0, version: int | None = None) -> None:
        """Inputs, or events of people, that are logged at a moment."""
        for event in events:
            logged = START + timedelta(seconds=at)
            record = builders.recorded(
                event, sequence=len(self.records) + 1, logged_at=logged, time=logged,
                version=version,
            )  # fmt: skip
            self.records.append(record)
            self.board.fold(record)

    def decide(self, at: float) -> list[IncidentEvent]:
        """Decides, and appends what was decided."""
        told: list[IncidentEvent] = []
        for decision in self.board.decide(START + timedelta(seconds=at)):
            told += self.append(decision, at)
        return told

    def append(self, decision: Decision, at: float) -> list[IncidentEvent]:
        for part in decision.parts:
            for version, event in enumerate(part.events, start=part.expected_version + 1):
                self.add(event, at=at, version=version)
                self.told.append(event)
        return list(decision.events())

    def run(self, start: int, end: int, step: int = 1) -> list[IncidentEvent]:
        """Decides once a second, or so."""
        return [event for second in range(start, end, step) for event in self.decide(second)]

    def partition(self) -> set[frozenset[UUID]]:
        """Which signals belong together."""
        return {frozenset(case.items) for case in self.board.open_cases()}

    def replayed(self, records: Iterable[Recorded] | None = None) -> Board:
        """Another board that folds the same."""
        board = Board(self.settings)
        for record in self.records if records is None else records:
            board.fold(record)
        return board
