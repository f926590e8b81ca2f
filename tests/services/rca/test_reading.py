"""Which signals belong to which incident, as the events of a range tell it."""

from datetime import timedelta
from uuid import UUID

from contracts.envelope import Event
from contracts.incidents import (
    Incident,
    IncidentMerged,
    IncidentOpened,
    IncidentSplit,
    IncidentUpdated,
    Joined,
    Signal,
)
from services.rca.reading import Found, Reading, causes
from services.rca.reasoning import Earlier
from services.rca.reasoning.places import Entity
from tests.kit import builders, incident_builders
from tests.kit.samples import START
from tests.services.rca.reasoning.telling_signals import CLUSTER, node_down

HERE, THERE = (UUID(int=number) for number in (1, 2))
FIRST, SECOND, THIRD = node_down()[:3]


def incident(one: UUID, **changes: object) -> Incident:
    return incident_builders.incident(id=one, cluster_ids=(CLUSTER,), **changes)


def opened(one: UUID, *signals: Signal) -> Event:
    return IncidentOpened(incident=incident(one), reason="it is new", added=signals)


def read(*events: Event) -> Reading:
    found = Reading()
    for number, event in enumerate(events, start=1):
        found.fold(builders.recorded(event, sequence=number))
    return found


def test_signals_belong_to_the_incident_that_tells_of_them() -> None:
    joined = Joined(signal=SECOND, reason="same node", likeness=0.9)
    more = IncidentUpdated(incident=incident(HERE), reason="more", added=(joined,))
    found = read(opened(HERE, FIRST), more, opened(THERE, THIRD))
    assert {each.id for each in found.of(HERE)} == {FIRST.id, SECOND.id}
    assert found.of(THERE) == [THIRD]
    assert found.incident_of(THIRD.id) == THERE
    assert (found.first, found.last) == (1, 3)


def test_what_is_merged_belongs_to_what_stays() -> None:
    ends = IncidentMerged(
        incident=incident(THERE, merged_into=HERE), reason="one cause", other_id=HERE
    )
    stays = IncidentMerged(incident=incident(HERE), reason="one cause", other_id=THERE)
    found = read(opened(HERE, FIRST), opened(THERE, SECOND), ends, stays)
    assert {each.id for each in found.of(HERE)} == {FIRST.id, SECOND.id}
    assert found.of(THERE) == []


def test_what_is_split_off_belongs_to_what_it_went_to() -> None:
    leaves = IncidentSplit(
        incident=incident(HERE), reason="two", other_id=THERE, moved=(SECOND.id,), from_other=False
    )
    comes = IncidentSplit(
        incident=incident(THERE), reason="two", other_id=HERE, moved=(SECOND.id,), from_other=True
    )
    found = read(opened(HERE, FIRST, SECOND), leaves, comes)
    assert found.of(HERE) == [FIRST]
    assert found.of(THERE) == [SECOND]


def test_a_signal_whose_beginning_was_not_read_is_left_out() -> None:
    comes = IncidentSplit(
        incident=incident(THERE), reason="two", other_id=HERE, moved=(SECOND.id,), from_other=True
    )
    assert read(comes).of(THERE) == []


def test_what_was_over_before_a_time_was_not_wrong_in_it() -> None:
    over = IncidentUpdated(incident=incident(HERE), reason="over", ended=(FIRST.id,))
    found = read(opened(HERE, FIRST, THIRD), over)
    ended = found.ended[FIRST.id]
    later = max(ended, THIRD.started_at) + timedelta(minutes=1)
    assert found.during(CLUSTER, later, later + timedelta(hours=1)) == [THIRD]
    assert len(found.during(CLUSTER, START, later)) == 2
    assert found.during(HERE, START, later) == []


def test_what_was_found_last_of_each_earlier_incident_counts() -> None:
    node, worse = (Entity(CLUSTER, f"node/worker-{number}") for number in (3, 9))
    found = causes(
        [
            Found(1, HERE, (worse, "node")),
            Found(2, HERE, (node, "node")),
            Found(3, THERE, (node, "node")),
            Found(4, UUID(int=3), (worse, "node")),
            Found(5, UUID(int=3), None),
            Found(6, None, (node, "node")),
        ],
        30,
    )
    assert found == Earlier({(node, "node"): (2, 3)}, 30)
    assert causes([], 1) == Earlier({}, 1)
