"""Incidents on the board, and what is decided about them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID, uuid5

from contracts.incidents import Incident, IncidentEvent, IncidentState
from services.incidents.correlating.groups import Group, Item

INCIDENTS = UUID("9a3c7e9e-1d53-5c0e-8a43-6a7f1b2c9d10")
"""Namespace of the ids of incidents: a part of every published id, so it never changes."""
_FIRST = 16
"""So many of its signals stay, as they tell what it is about."""


def incident_id(signal_id: UUID, sequence: int) -> UUID:
    """The id of the incident that a signal opens; by the event, as states come again."""
    return uuid5(INCIDENTS, f"{signal_id}/{sequence}")


@dataclass
class Case(Group):
    """An incident with the signals that belong to it."""

    head: Incident = field(kw_only=True)
    """As its last event tells it."""
    version: int = 0
    told_at: float = 0.0
    """When its last event was logged."""
    quiet_since: float = 0.0
    """When nothing of it lasted any more, if that is so; or when somebody re-opened it."""
    items: dict[UUID, Item] = field(default_factory=dict[UUID, Item])
    lasting: int = 0
    """Signals that have not ended, by what the log tells of them."""
    untold: dict[UUID, None] = field(default_factory=dict[UUID, None])
    """Signals that have ended or returned since it was told."""
    fleeting: dict[UUID, None] = field(default_factory=dict[UUID, None])
    """Signals that last, and of which no end will be told."""
    parted: set[UUID] = field(default_factory=set[UUID])
    """Incidents that somebody took out of it: it is never merged with them by itself."""

    @property
    def is_open(self) -> bool:
        return self.head.state is not IncidentState.RESOLVED

    @property
    def gone(self) -> int:
        """Signals that belong to it and were let go."""
        return max(self.head.signals - len(self.items), 0)

    @property
    def members(self) -> int:
        """Signals that belong to it, those that were let go included."""
        return self.size + self.gone

    @property
    def over(self) -> Iterator[Item]:
        """Signals that may be let go: told to have ended, and not those that it began with."""
        for one in islice(self.items.values(), _FIRST, None):
            if not (one.lasting or one.told):
                yield one

    def lasts(self, one: Item, at: float, *, lasting: bool) -> None:
        """A signal of it has ended, or is there again."""
        if one.lasting is lasting:
            return
        one.lasting, one.changed = lasting, at
        self.lasting += 1 if lasting else -1
        if not self.lasting:
            self.quiet_since = at
        self._note(one)

    def _note(self, one: Item) -> None:
        if one.momentary and one.lasting:
            self.fleeting[one.id] = None
        else:
            self.fleeting.pop(one.id, None)
        if one.lasting is one.told:
            self.untold.pop(one.id, None)
        else:
            self.untold[one.id] = None

    def told(self, one: Item, at: float, *, lasting: bool) -> None:
        """An event has said so of a signal of it."""
        one.told = lasting
        if one.momentary and not lasting:
            self.lasts(one, at, lasting=False)
        self._note(one)

    def put(self, one: Item) -> None:
        """A signal belongs to it now."""
        self.items[one.id] = one
        self.lasting += one.lasting
        if not self.lasting:
            self.quiet_since = max(self.quiet_since, one.changed)
        self._note(one)

    def take(self, signal_id: UUID) -> Item:
        """A signal belongs to it no more."""
        one = self.items.pop(signal_id)
        self.untold.pop(signal_id, None)
        self.fleeting.pop(signal_id, None)
        self.lasting -= one.lasting
        return one


@dataclass(frozen=True, slots=True)
class Part:
    """Events of one incident, one after the other."""

    incident_id: UUID
    expected_version: int
    """That it has before; 0: there is none yet."""
    events: tuple[IncidentEvent, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is told together, all of it or nothing."""

    parts: tuple[Part, ...]

    def events(self) -> Iterator[IncidentEvent]:
        """Of all parts, in the order in which they are appended."""
        for part in self.parts:
            yield from part.events
