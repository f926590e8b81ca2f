"""Repeats are counted, and told at most once a minute."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.alerts import AlertRepeat
from services.alerts.domain import Fold
from services.alerts.repeats import RepeatCounter

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
BERLIN, PARIS = UUID(int=1), UUID(int=2)


def _fold(alert: int, count: int = 1, seen: datetime = AT, expires: datetime | None = None) -> Fold:
    repeat = AlertRepeat(
        alert_id=UUID(int=alert),
        fingerprint="f",
        count=count,
        last_seen_at=seen,
        expires_at=expires,
    )
    return Fold((), (repeat,), 0)


def test_repeats_of_one_occurrence_are_summed_until_they_are_told() -> None:
    counter = RepeatCounter()
    assert counter.due(AT) == []
    counter.count(BERLIN, [_fold(1, 2), _fold(1, 3, AT + timedelta(seconds=5))])
    (told,) = counter.due(AT + timedelta(minutes=1))
    assert told.cluster_id == BERLIN
    assert [(each.count, each.last_seen_at) for each in told.repeats] == [
        (5, AT + timedelta(seconds=5))
    ]


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (None, 2), (2, None)])
def test_the_latest_forecast_is_told(order: tuple[int | None, ...]) -> None:
    counter = RepeatCounter()
    counter.due(AT)
    for minutes in order:
        expires = None if minutes is None else AT + timedelta(minutes=minutes)
        counter.count(BERLIN, [_fold(1, expires=expires)])
    ((repeat,),) = (each.repeats for each in counter.due(AT + timedelta(minutes=1)))
    assert repeat.expires_at == AT + timedelta(minutes=2)


def test_nothing_is_told_twice_or_within_a_minute() -> None:
    counter = RepeatCounter()
    counter.due(AT)
    counter.count(BERLIN, [_fold(1)])
    assert counter.due(AT + timedelta(seconds=59)) == []
    assert len(counter.due(AT + timedelta(seconds=60))) == 1
    assert counter.due(AT + timedelta(minutes=5)) == []


def test_every_cluster_is_told_of_its_own_repeats() -> None:
    counter = RepeatCounter()
    counter.due(AT)
    counter.count(BERLIN, [_fold(1)])
    counter.count(PARIS, [_fold(1)])
    told = counter.due(AT + timedelta(minutes=1))
    assert {each.cluster_id for each in told} == {BERLIN, PARIS}
