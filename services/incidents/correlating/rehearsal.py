"""What incidents there would have been: history folded again, with other rules: pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from contracts.envelope import Recorded
from contracts.incidents import (
    CorrelationRule,
    Incident,
    IncidentEvent,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentSplit,
    IncidentUpdated,
)
from services.incidents.correlating.board import Board
from services.incidents.correlating.settings import Settings


@dataclass
class Rehearsal:
    """A board on which only the rules, and what is wrong, count: nobody acts, nothing is told."""

    rules: Iterable[CorrelationRule]
    settings: Settings = field(default_factory=Settings)
    incidents: dict[UUID, Incident] = field(default_factory=dict[UUID, Incident])
    """As each was at last; what ended in another one is not among them."""
    members: dict[UUID, set[UUID]] = field(default_factory=dict[UUID, set[UUID]])
    """By incident: its signals."""

    def __post_init__(self) -> None:
        self._board = Board(self.settings)
        for rule in self.rules:
            self._board.state.define(rule)
        self._sequence = 0
        self._now: datetime | None = None

    def take(self, recorded: Recorded) -> None:
        """What was wrong next, in the log's order; events of incidents and rules are not taken."""
        self._until(recorded.logged_at)
        self._fold(recorded)

    def end(self) -> None:
        """That was all: what still waits for company waits no more."""
        if self._now is not None:
            self._until(self._now + timedelta(seconds=self.settings.settle + 1))

    def _until(self, moment: datetime) -> None:
        """Decide as often as it would have been, as far as there was anything to decide."""
        pace = timedelta(seconds=1)
        if self._now is None:
            self._now = moment
        # Beyond this nothing that waits is decided otherwise.
        last = self._now + timedelta(seconds=self.settings.remembered)
        while self._now + pace <= min(moment, last):
            self._now += pace
            told = self._decide(self._now)
            pace = timedelta(seconds=1 if told else min(pace.total_seconds() * 2, 30))
        self._now = max(self._now, moment)

    def _decide(self, now: datetime) -> bool:
        decisions = self._board.decide(now)
        for decision in decisions:
            for part in decision.parts:
                for version, event in enumerate(part.events, start=part.expected_version + 1):
                    self._note(event)
                    self._fold(_told(event, now, version))
        return bool(decisions)

    def _fold(self, recorded: Recorded) -> None:
        self._sequence += 1
        self._board.fold(replace(recorded, sequence=self._sequence))

    def _note(self, event: IncidentEvent) -> None:
        incident = event.incident
        mine = self.members.setdefault(incident.id, set())
        match event:
            case IncidentOpened():
                mine.update(signal.id for signal in event.added)
            case IncidentUpdated() | IncidentReopened():
                mine.update(joined.signal.id for joined in event.added)
            case IncidentSplit() if event.from_other:
                mine.update(event.moved)
                self.members.get(event.other_id, set()).difference_update(event.moved)
            case IncidentMerged() if incident.merged_into is not None:
                self.members.setdefault(incident.merged_into, set()).update(mine)
            case _:
                pass
        if incident.merged_into is None:
            self.incidents[incident.id] = incident
        else:
            self.incidents.pop(incident.id, None)
            self.members.pop(incident.id)


def _told(event: IncidentEvent, now: datetime, version: int) -> Recorded:
    nobody = event.incident.id
    return Recorded(
        event=event,
        sequence=0,
        logged_at=now,
        event_id=nobody,
        time=now,
        source="/services/incidents",
        actor="service:incidents",
        correlation_id=nobody,
        causation_id=nobody,
        command_id=nobody,
        version=version,
    )
