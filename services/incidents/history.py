"""Which signals belong to an incident, as its events tell it, and those of what it came from."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from contracts.envelope import Recorded
from contracts.incidents import (
    IncidentAcknowledged,
    IncidentEvent,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSplit,
    IncidentUpdated,
    Signal,
    incident_key,
)
from contracts.refusals import Code, Refused
from contracts.subjects import EntityKey
from services.incidents.domain import Member

MOST_EVENTS = 10_000
"""That are read to know what belongs to one incident."""
_PAGE = 250


@dataclass
class History:
    """Reads what belonged to incidents; every event that it reads counts against a bound."""

    read: Callable[[EntityKey, int, int], Awaitable[Sequence[Recorded]]]
    """Events of an incident, by version from the first one on: so many."""
    left: int = MOST_EVENTS

    async def members(self, incident_id: UUID, *, parted: Recorded | None = None) -> "Members":
        """What belongs to an incident, or belonged to it when another one ``parted`` from it.

        LIMIT_REACHED if that takes more events than are read for it.
        """
        found = Members()
        async for told in self._events(incident_id):
            event = cast("IncidentEvent", told.event)
            if parted is not None and _is_other_side(event, told, parted):
                break
            match event:
                case IncidentMerged() if event.incident.merged_into is None:
                    found.take(await self.members(event.other_id), lambda _: True)
                case IncidentSplit() if event.from_other:
                    there = await self.members(event.other_id, parted=told)
                    found.take(there, set(event.moved).__contains__)
                case _:
                    found.apply(event, told.time)
        return found

    async def _events(self, incident_id: UUID) -> AsyncIterator[Recorded]:
        key, version = incident_key(incident_id), 1
        while True:
            page = await self.read(key, version, _PAGE)
            self.left -= len(page)
            if self.left < 0:
                text = "the incident has a longer history than is read to split it"
                raise Refused(Code.LIMIT_REACHED, text)
            for told in page:
                yield told
            if len(page) < _PAGE:
                return
            version += _PAGE


def _is_other_side(event: IncidentEvent, told: Recorded, parted: Recorded) -> bool:
    """True for what was told, of the same split, of the incident that signals have left."""
    return (
        isinstance(event, IncidentSplit)
        and not event.from_other
        and told.command_id == parted.command_id
        and str(event.other_id) == parted.event.key.id
    )


@dataclass
class Members:
    """Signals that belong to an incident, by id."""

    known: dict[UUID, Member] = field(default_factory=dict[UUID, Member])

    def apply(self, event: IncidentEvent, at: datetime) -> None:
        """What one event of the incident changes by itself."""
        match event:
            case IncidentOpened():
                self._add(event.added, at)
            case IncidentReopened():
                self._add((each.signal for each in event.added), at)
            case IncidentUpdated():
                self._add((each.signal for each in event.added), at)
                self._last(event.resumed, lasting=True)
                self._last(event.ended, lasting=False)
            case IncidentSplit():
                for each in event.moved:
                    self.known.pop(each, None)
            case IncidentAcknowledged() | IncidentResolved() | IncidentMerged():
                return

    def take(self, others: "Members", wanted: Callable[[UUID], bool]) -> None:
        """Signals of another incident belong to this one."""
        self.known |= {each: member for each, member in others.known.items() if wanted(each)}

    def _add(self, signals: Iterable[Signal], at: datetime) -> None:
        self.known |= {each.id: Member(each, lasting=True, since=at) for each in signals}

    def _last(self, ids: Iterable[UUID], *, lasting: bool) -> None:
        for each in ids:
            member = self.known.get(each)
            if member is not None:
                self.known[each] = Member(member.signal, lasting=lasting, since=member.since)
