"""What belongs to an incident is what its events say, whatever it was merged with or split from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st

from contracts.envelope import Event, Recorded
from contracts.incidents import Incident, IncidentEvent, MergeIncidents, SplitIncident
from contracts.refusals import Code, Refused
from contracts.subjects import EntityKey
from services.incidents import domain
from services.incidents.domain import Asked
from services.incidents.history import MOST_EVENTS, History
from services.runtime.ids import new_id
from tests.kit import builders
from tests.kit.incident_builders import incident, incident_updated, joined, opened, signal
from tests.kit.samples import at

ASKED = Asked("ada", at(60))


@dataclass
class Told:
    """A log in memory, and what belongs to each incident by another reckoning."""

    events: dict[EntityKey, list[Recorded]] = field(default_factory=dict[EntityKey, list[Recorded]])
    owners: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    """The incident of each signal."""
    lasting: set[UUID] = field(default_factory=set[UUID])
    reads: int = 0

    def tell(self, *events: IncidentEvent) -> None:
        """In one batch, as a command does."""
        command_id = new_id()
        for event in events:
            known = self.events.setdefault(event.key, [])
            version = len(known) + 1
            known.append(builders.recorded(event, command_id=command_id, version=version))

    async def read(self, key: EntityKey, first: int, count: int) -> Sequence[Recorded]:
        self.reads += 1
        return self.events.get(key, [])[first - 1 : first - 1 + count]

    def head(self, incident_id: UUID) -> Incident:
        (event,) = (
            told[-1].event for key, told in self.events.items() if key.id == str(incident_id)
        )
        return _head(event)

    @property
    def live(self) -> list[UUID]:
        heads = [_head(told[-1].event) for told in self.events.values()]
        return [each.id for each in heads if each.merged_into is None]

    def of(self, incident_id: UUID) -> set[UUID]:
        return {each for each, owner in self.owners.items() if owner == incident_id}

    async def members(self, incident_id: UUID) -> dict[UUID, domain.Member]:
        return (await History(self.read).members(incident_id)).known

    def open(self) -> None:
        told = signal(id=new_id())
        head = incident(id=new_id())
        self.tell(opened(incident=head, added=(told,)))
        self.owners[told.id] = head.id
        self.lasting.add(told.id)

    def grow(self, incident_id: UUID) -> None:
        more = joined(id=new_id())
        head = self.head(incident_id)
        self.tell(incident_updated(incident=head, added=(more,), ended=()))
        self.owners[more.signal.id] = incident_id
        self.lasting.add(more.signal.id)

    def turn(self, incident_id: UUID) -> None:
        """What lasts of it has ended, and what had ended is there again."""
        mine = self.of(incident_id)
        ended, resumed = mine & self.lasting, mine - self.lasting
        head = self.head(incident_id)
        self.tell(incident_updated(incident=head, added=(), ended=ended, resumed=resumed))
        self.lasting = (self.lasting - ended) | resumed

    def merge(self, stays: UUID, ends: UUID) -> None:
        command = MergeIncidents(incident_id=stays, other_id=ends)
        self.tell(*domain.merge(self.head(stays), self.head(ends), command, ASKED))
        self.owners |= dict.fromkeys(self.of(ends), stays)

    async def split(self, incident_id: UUID, number: int) -> None:
        moved = sorted(self.of(incident_id))[: max(1, number)]
        command = SplitIncident(incident_id=incident_id, signal_ids=tuple(moved))
        members, new = await self.members(incident_id), new_id()
        self.tell(*domain.split(self.head(incident_id), members, new, command, ASKED))
        self.owners |= dict.fromkeys(moved, new)


def _head(event: Event) -> Incident:
    assert isinstance(event, IncidentEvent)
    return event.incident


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["open", "grow", "grow", "turn", "merge", "split", "split"]),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    min_size=3,
    max_size=25,
)


async def _step(told: Told, what: str, this: UUID, other: UUID, number: int) -> None:
    match what:
        case "grow":
            told.grow(this)
        case "turn":
            told.turn(this)
        case "merge" if this != other:
            told.merge(this, other)
        case "split" if len(told.of(this)) > 1:
            await told.split(this, number % len(told.of(this)))
        case _:
            told.open()


@pytest.mark.anyio
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
async def test_every_signal_is_where_it_was_put_last(steps: list[tuple[str, int, int]]) -> None:
    told = Told()
    told.open()
    for what, one, two in steps:
        live = told.live
        await _step(told, what, live[one % len(live)], live[two % len(live)], two)
    for incident_id in told.live:
        members = await told.members(incident_id)
        assert members.keys() == told.of(incident_id)
        lasting = {each for each, member in members.items() if member.lasting}
        assert lasting == told.of(incident_id) & told.lasting


async def test_signals_of_a_long_history_are_all_found() -> None:
    told = Told()
    told.open()
    (incident_id,) = told.live
    for _ in range(500):
        told.grow(incident_id)
    assert len(await told.members(incident_id)) == 501
    assert told.reads < 5


async def test_a_history_without_an_end_is_not_read_to_it() -> None:
    event = builders.recorded(opened(), version=1)

    async def endless(_: EntityKey, __: int, count: int) -> Sequence[Recorded]:
        return [event] * count

    history = History(endless)
    with pytest.raises(Refused) as refused:
        await history.members(new_id())
    assert refused.value.code is Code.LIMIT_REACHED
    assert history.left > -MOST_EVENTS
