"""What the log tells of incidents: their signals, and which of them belong to which. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from contracts.envelope import Event, Recorded
from contracts.incidents import (
    Incident,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentSplit,
    IncidentUpdated,
    Signal,
)
from services.rca.reasoning import Earlier
from services.rca.reasoning.places import Entity

BEFORE = timedelta(hours=1)
"""What began so much earlier may have to do with it."""
INPUTS: tuple[type[Event], ...] = (
    IncidentOpened,
    IncidentUpdated,
    IncidentReopened,
    IncidentMerged,
    IncidentSplit,
)


@dataclass
class Reading:
    """The events of a range, folded."""

    cluster_id: UUID | None = None
    """Signals of others are not kept; None: those of all are."""
    signals: dict[UUID, Signal] = field(default_factory=dict[UUID, Signal])
    incidents: dict[UUID, Incident] = field(default_factory=dict[UUID, Incident])
    members: dict[UUID, set[UUID]] = field(
        default_factory=lambda: defaultdict[UUID, set[UUID]](set)
    )
    ended: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    first: int = 0
    last: int = 0

    def fold(self, recorded: Recorded) -> None:
        """One more event; what does not tell of incidents is passed over."""
        event = recorded.event
        self.first = self.first or recorded.sequence
        self.last = recorded.sequence
        match event:
            case IncidentOpened():
                self._add(event.incident, event.added)
            case IncidentUpdated():
                self._add(event.incident, (each.signal for each in event.added))
                self.ended |= dict.fromkeys(event.ended, recorded.time)
                for each in event.resumed:
                    self.ended.pop(each, None)
            case IncidentReopened():
                self._add(event.incident, (each.signal for each in event.added))
            case IncidentMerged() | IncidentSplit():
                self._move(event)
            case _:
                return

    def _add(self, incident: Incident, signals: Iterable[Signal]) -> None:
        self.incidents[incident.id] = incident
        for each in signals:
            if self.cluster_id not in (None, each.cluster_id):
                continue
            self.signals[each.id] = each
            self.members[incident.id].add(each.id)
            self.ended.pop(each.id, None)

    def _move(self, event: IncidentMerged | IncidentSplit) -> None:
        this, other = event.incident.id, event.other_id
        self.incidents[this] = event.incident
        if isinstance(event, IncidentMerged):
            if event.incident.merged_into is None:
                self.members[this] |= self.members.pop(other, set())
            return
        if event.from_other:
            self.members[this] |= set(event.moved)
        else:
            self.members[this] -= set(event.moved)

    def of(self, incident_id: UUID) -> list[Signal]:
        """The signals of an incident, as far as their beginning was read."""
        return [self.signals[each] for each in self.members[incident_id] if each in self.signals]

    def incident_of(self, signal_id: UUID) -> UUID | None:
        """The incident that a signal belongs to."""
        return next((one for one, known in self.members.items() if signal_id in known), None)

    def during(self, cluster_id: UUID, start: datetime, end: datetime) -> list[Signal]:
        """What was wrong with a cluster in a time whose end is that of what was read.

        So whatever was read had begun by then, also if its source's clock says something else.
        """
        return [
            each
            for each in self.signals.values()
            if each.cluster_id == cluster_id and self.ended.get(each.id, end) >= start
        ]


@dataclass(frozen=True, slots=True)
class Found:
    """What an analysis has found, as far as it counts later."""

    sequence: int
    incident_id: UUID | None
    cause: tuple[Entity, str] | None
    """The first cause and its kind, if that is known."""


def causes(analyses: Iterable[Found], days: int) -> Earlier:
    """Known causes of incidents, of analyses that are oldest first: of each the last counts."""
    newest = {each.incident_id: each for each in analyses if each.incident_id is not None}
    found: dict[tuple[Entity, str], tuple[int, ...]] = defaultdict(tuple)
    for each in sorted(newest.values(), key=lambda one: one.sequence):
        if each.cause is not None:
            found[each.cause] += (each.sequence,)
    return Earlier(dict(found), days)
