"""What was put into one incident and turns out to belong to another, moves, and is told of both."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from contracts.alerts import AlertFired
from contracts.incidents import (
    CorrelationRuleDefined,
    Incident,
    IncidentEvent,
    IncidentMerged,
    IncidentOpened,
    IncidentSplit,
    IncidentState,
    Signal,
)
from services.incidents.correlating.groups import item
from services.incidents.correlating.mixture import Component, trait
from services.incidents.correlating.signals import Begun, changes
from tests.kit import builders
from tests.services.incidents.correlating.kit import Log, alert, pods, rule

WRONG, RIGHT = UUID(int=1), UUID(int=2)


def signals(alerts: Sequence[AlertFired]) -> tuple[Signal, ...]:
    told = [change for one in alerts for change in changes(builders.recorded(one))]
    return tuple(one.signal for one in told if isinstance(one, Begun))


def failing(namespaces: range, *, key: str = "", cluster: UUID | None = None) -> list[AlertFired]:
    """Requests that fail, in many namespaces."""
    labels = {} if cluster is None else {"cluster": str(cluster)}
    return [
        alert("HighErrorRate", number, key=f"{key}{number}", namespace=f"team-{namespace}",
              service=f"web-{number % 3}", **labels)
        for namespace in namespaces
        for number in range(6)
    ]  # fmt: skip


def given(log: Log, incident_id: UUID, alerts: Sequence[AlertFired]) -> None:
    """An incident of these, whoever thought so."""
    added = signals(alerts)
    head = Incident(
        id=incident_id,
        title="something",
        state=IncidentState.OPEN,
        severity=added[0].severity,
        cluster_ids=tuple({one.cluster_id for one in added}),
        signals=len(added),
        lasting=len(added),
        opened_at=added[0].started_at,
        last_signal_at=added[0].started_at,
    )
    log.add(*alerts)
    log.add(IncidentOpened(incident=head, reason="so it seemed", added=added), version=1)


def mistaken() -> tuple[Log, set[UUID]]:
    """Some failing requests are in the incident of a roll-out that began with them."""
    log, strays = Log(), failing(range(20, 24))
    given(log, WRONG, [*pods(60), *strays])
    given(log, RIGHT, failing(range(20)))
    return log, {one.alert.id for one in strays}


def splits(told: Sequence[IncidentEvent]) -> list[IncidentSplit]:
    return [one for one in told if isinstance(one, IncidentSplit)]


def test_what_is_more_like_another_incident_moves_there_and_both_say_so() -> None:
    log, strays = mistaken()
    left, came = splits(log.decide(60))
    assert (left.incident.id, left.other_id, left.from_other) == (WRONG, RIGHT, False)
    assert (came.incident.id, came.other_id, came.from_other) == (RIGHT, WRONG, True)
    assert set(left.moved) == set(came.moved) == strays
    assert (left.incident.signals, came.incident.signals) == (60, 144)
    assert left.incident.lasting == 60
    assert {case.id: len(case.items) for case in log.board.open_cases()} == {WRONG: 60, RIGHT: 144}


def test_what_has_moved_stays_there_whoever_looks_at_it_again() -> None:
    log, _ = mistaken()
    log.decide(60)
    assert splits(log.run(61, 200, 10)) == []
    log.board = log.replayed()
    assert splits(log.run(200, 300, 10)) == []


def test_what_a_rule_puts_together_never_moves() -> None:
    log = Log()
    told = rule(names=("HighErrorRate", "KubePodNotReady"), equal=("cluster",))
    log.add(CorrelationRuleDefined(rule=told))
    given(log, WRONG, [*pods(60), *failing(range(20, 24))])
    given(log, RIGHT, failing(range(20)))
    assert splits(log.decide(60)) == []


def test_what_somebody_took_apart_is_not_mixed_again() -> None:
    log, strays = mistaken()
    (wrong, right) = (log.board.case(one) for one in (WRONG, RIGHT))
    assert wrong is not None
    assert right is not None
    right.parted.add(wrong.id)
    assert splits(log.run(60, 120, 10)) == []
    assert strays <= wrong.items.keys()


def test_a_piece_in_one_cluster_of_what_is_in_many_becomes_part_of_it() -> None:
    log = Log()
    clusters = [UUID(int=number, version=4) for number in range(1, 7)]
    given(log, RIGHT, [one for cluster in clusters for one in failing(range(12), cluster=cluster)])
    given(log, WRONG, failing(range(12, 17), cluster=clusters[0]))
    merged = [one for one in log.decide(60) if isinstance(one, IncidentMerged)]
    assert [one.incident.id for one in merged] == [RIGHT, WRONG]
    assert merged[1].incident.merged_into == RIGHT


def test_to_give_is_the_inverse_of_to_take() -> None:
    known, more = ([trait(item(one, 0)) for one in signals(each)] for each in (
        pods(5), failing(range(3))))  # fmt: skip
    component = Component(RIGHT)
    component.take(known)
    before = component.likely(more[0])
    value = component.take(more)
    assert component.give(more[::-1]) == pytest.approx(value)
    assert component.likely(more[0]) == before
