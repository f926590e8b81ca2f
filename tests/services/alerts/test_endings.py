"""Occurrences that end by our own inference, and what opens an alert again."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.alerts import AlertFired, AlertReport, AlertResolved, Ending
from services.alerts import domain
from services.alerts.domain import Decision, Head, Ignored, Reason, Repeat
from services.alerts.normalize import Observation, normalize
from tests.services.alerts.histories import CLUSTER, LABELS, RETENTION, moment

FIRING = moment(10)
"""Since when the alert fires."""
LOGGED = moment(1000)
"""When its end was written."""
OTHER = UUID("22222222-2222-5222-8222-222222222222")


def told(
    starts: float = 10, *, received: float = 1010, current: bool = False, **fields: Any
) -> Observation:
    body = {"status": "firing", "labels": LABELS, "startsAt": moment(starts), **fields}
    report = AlertReport.model_validate(body)
    return normalize(report, CLUSTER, moment(received), current=current)


def decide(head: Head | None, observation: Observation, at: datetime = LOGGED) -> Decision:
    return domain.decide(head, observation, at=at, retention=RETENTION)


def begun(observation: Observation) -> Head:
    fired = decide(None, observation)
    assert isinstance(fired, AlertFired)
    return domain.head_of(fired, moment(20))


def ended(ending: Ending, ends: float = 900) -> Head:
    event = domain.resolved(begun(told()).alert, moment(ends), ending)
    return domain.head_of(event, LOGGED)


OURS = [Ending.EXPIRED, Ending.GONE]


@pytest.mark.parametrize("ending", OURS)
def test_an_end_of_ours_says_so(ending: Ending) -> None:
    event = domain.resolved(begun(told()).alert, moment(900), ending)
    assert (event.ending, event.alert.ends_at) == (ending, moment(900))
    assert event.duration_seconds == 890


def test_a_reported_end_is_told_as_such() -> None:
    event = decide(begun(told()), told(status="resolved", endsAt=moment(900)))
    assert isinstance(event, AlertResolved)
    assert event.ending is Ending.REPORTED


def test_no_end_of_ours_is_before_its_start() -> None:
    event = domain.resolved(begun(told(600)).alert, moment(5), Ending.GONE)
    assert (event.alert.ends_at, event.duration_seconds) == (moment(600), 0)


@pytest.mark.parametrize("ending", OURS)
def test_what_is_told_to_fire_after_an_end_of_ours_is_another_occurrence(ending: Ending) -> None:
    fired = decide(ended(ending), told(10, received=1010))
    assert isinstance(fired, AlertFired)
    assert fired.alert.starts_at == moment(1010), "its own start lies in the occurrence before"
    assert fired.alert.id == domain.occurrence_id(CLUSTER, fired.alert.fingerprint, moment(1010))
    assert not fired.renewed


@pytest.mark.parametrize("ending", OURS)
def test_its_own_start_counts_if_it_is_after_that_end(ending: Ending) -> None:
    fired = decide(ended(ending), told(950, received=1010))
    assert isinstance(fired, AlertFired)
    assert fired.alert.starts_at == moment(950)


@pytest.mark.parametrize("ending", OURS)
@pytest.mark.parametrize("received", [900, 1000, 1001])
def test_what_came_before_that_was_written_is_late(ending: Ending, received: float) -> None:
    assert decide(ended(ending), told(10, received=received)) == Ignored(Reason.CLOSED)


@pytest.mark.parametrize("ending", OURS)
def test_an_end_told_after_an_end_of_ours_changes_nothing(ending: Ending) -> None:
    late = told(10, received=1010, status="resolved", endsAt=moment(1005))
    assert decide(ended(ending), late) == Ignored(Reason.CLOSED)


def test_an_end_in_the_future_moves_the_start_of_what_follows() -> None:
    """The clock of whoever told the end was ahead of ours."""
    fired = decide(ended(Ending.EXPIRED, ends=1600), told(10, received=1010))
    assert isinstance(fired, AlertFired)
    assert fired.alert.starts_at == moment(1600) + timedelta(milliseconds=1)


def test_after_a_reported_end_only_what_is_current_fires_with_its_old_start() -> None:
    head = ended(Ending.REPORTED)
    assert decide(head, told(10, received=5000)) == Ignored(Reason.CLOSED)
    fired = decide(head, told(10, received=1010, current=True))
    assert isinstance(fired, AlertFired)
    assert fired.alert.starts_at == moment(1010)


def test_what_was_asked_before_the_end_was_written_does_not_fire_again() -> None:
    head = ended(Ending.REPORTED)
    late = told(10, received=1000.5, current=True)
    assert decide(head, late) == Ignored(Reason.CLOSED)


def test_what_is_current_repeats_what_is_open() -> None:
    head = begun(told())
    assert decide(head, told(10, received=1010, current=True)) == Repeat(head.alert.id)


def forecast(ends: float, **more: Any) -> Observation:
    return told(status=None, endsAt=moment(ends), **more)


def test_who_only_says_until_when_is_believed_so_long() -> None:
    fired = decide(None, forecast(1240))
    assert isinstance(fired, AlertFired)
    assert fired.expires_at == moment(1240)
    assert decide(domain.head_of(fired, LOGGED), forecast(1300)) == Repeat(
        fired.alert.id, moment(1300)
    )


def test_who_tells_the_end_has_no_forecast() -> None:
    fired = decide(None, told(endsAt=moment(5000)))
    assert isinstance(fired, AlertFired)
    assert fired.expires_at is None


def test_a_renewal_says_until_when_it_is_believed() -> None:
    head = begun(forecast(1240))
    at = head.at + RETENTION / 2 + timedelta(seconds=1)
    renewed = decide(head, forecast(1300), at)
    assert renewed == AlertFired(alert=head.alert, renewed=True, expires_at=moment(1300))


def test_repeats_tell_the_latest_forecast() -> None:
    head = begun(forecast(1240))
    reports = [forecast(1300), forecast(1360), forecast(1330), told()]
    folded = domain.fold(head, reports, at=LOGGED, retention=RETENTION)
    (repeat,) = folded.repeats
    assert (repeat.count, repeat.expires_at) == (4, moment(1360))


def test_ten_times_a_second_is_ten_occurrences_a_second() -> None:
    reports = [
        told(second / 10, status=status, endsAt=moment(second / 10 + 0.05))
        for second in range(100)
        for status in ("firing", "resolved")
    ]
    folded = domain.fold(None, reports, at=LOGGED, retention=RETENTION)
    assert len(folded.events) == 200
    assert len({event.alert.id for event in folded.events}) == 100
    head = domain.head_of(folded.events[-1], LOGGED)
    again = domain.fold(head, reports, at=LOGGED, retention=RETENTION)
    assert (again.events, again.ignored) == ((), 200)


def test_alerts_of_two_clusters_never_mix() -> None:
    here, there = told(), normalize(AlertReport(labels=LABELS), OTHER, moment(1010))
    assert here.fingerprint == there.fingerprint
    first, second = decide(None, here), decide(None, there)
    assert isinstance(first, AlertFired)
    assert isinstance(second, AlertFired)
    assert first.key != second.key
    assert first.alert.id != second.alert.id
