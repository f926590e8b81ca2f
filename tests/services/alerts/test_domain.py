from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from contracts.alerts import Alert, AlertFired, AlertReport, AlertResolved, AlertState
from services.alerts import domain
from services.alerts.domain import Decision, Head, Ignored, Reason, Repeat
from services.alerts.normalize import Observation, normalize
from tests.kit.given import scenario

CLUSTER = UUID("11111111-1111-5111-8111-111111111111")
OTHER = UUID("22222222-2222-5222-8222-222222222222")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = START + timedelta(hours=1)
RETENTION = timedelta(days=90)
LABELS = {"alertname": "NodeDown", "severity": "critical", "namespace": "ran"}


def second(number: float) -> datetime:
    return START + timedelta(seconds=number)


def report(starts: float, ends: float | None = None, **fields: Any) -> Observation:
    told: dict[str, Any] = {
        "status": "firing" if ends is None else "resolved",
        "labels": LABELS,
        "startsAt": second(starts),
        "endsAt": None if ends is None else second(ends),
        "fingerprint": "00000000000000ff",
    }
    return normalize(AlertReport.model_validate(told | fields), CLUSTER, NOW)


def alert(starts: float, ends: float | None = None) -> Alert:
    told = report(starts, ends)
    return Alert(
        id=domain.occurrence_id(CLUSTER, told.fingerprint, second(starts)),
        fingerprint=told.fingerprint,
        cluster_id=CLUSTER,
        alertname="NodeDown",
        severity=told.severity,
        state=AlertState.FIRING if ends is None else AlertState.RESOLVED,
        labels=LABELS,
        annotations={},
        starts_at=second(starts),
        ends_at=None if ends is None else second(ends),
        first_seen_at=NOW,
    )


def fired(starts: float, *, renewed: bool = False) -> AlertFired:
    return AlertFired(alert=alert(starts), renewed=renewed)


def resolved(starts: float, ends: float) -> AlertResolved:
    return AlertResolved(alert=alert(starts, ends), duration_seconds=ends - starts)


def decide(events: Sequence[Decision], observation: Observation) -> list[Decision]:
    heads = [Head(e.alert, NOW) for e in events if isinstance(e, AlertFired | AlertResolved)]
    head = heads[-1] if heads else None
    return [domain.decide(head, observation, at=NOW, retention=RETENTION)]


given = scenario(decide)


def test_the_first_firing_report_begins_an_occurrence() -> None:
    given().when(report(1)).then(fired(1))


def test_an_end_without_a_beginning_is_a_closed_occurrence() -> None:
    given().when(report(1, 5)).then(resolved(1, 5))


def test_a_late_beginning_of_a_closed_occurrence_changes_nothing() -> None:
    given(resolved(1, 5)).when(report(1)).then(Ignored(Reason.CLOSED))


def test_an_open_occurrence_is_repeated() -> None:
    given(fired(1)).when(report(1)).then(Repeat(alert(1).id))


@pytest.mark.parametrize("starts", [0, 0.5, 2, 900])
def test_a_twin_with_another_start_is_a_repeat(starts: float) -> None:
    given(fired(1)).when(report(starts)).then(Repeat(alert(1).id))


@pytest.mark.parametrize("starts", [-3, 1, 4])
def test_an_end_closes_the_open_occurrence_and_keeps_its_start(starts: float) -> None:
    given(fired(1)).when(report(starts, 5)).then(resolved(1, 5))


def test_an_occurrence_may_last_no_time() -> None:
    given(fired(1)).when(report(1, 1)).then(resolved(1, 1))


def test_an_end_before_the_open_beginning_is_older() -> None:
    given(fired(3)).when(report(1, 2)).then(Ignored(Reason.OLDER))


@pytest.mark.parametrize("starts", [0, 1, 3, 5])
def test_what_began_before_the_last_end_is_late(starts: float) -> None:
    given(fired(1), resolved(1, 5)).when(report(starts)).then(Ignored(Reason.CLOSED))
    given(fired(1), resolved(1, 5)).when(report(starts, 9)).then(Ignored(Reason.CLOSED))


def test_what_begins_after_the_last_end_is_another_occurrence() -> None:
    given(fired(1), resolved(1, 5)).when(report(6)).then(fired(6))
    given(fired(1), resolved(1, 5)).when(report(6, 7)).then(resolved(6, 7))


def test_ends_without_a_start_close_but_never_begin() -> None:
    given(fired(1)).when(report(0, 5, startsAt=None)).then(resolved(1, 5))
    given(resolved(1, 5)).when(report(0, 7, startsAt=None)).then(Ignored(Reason.CLOSED))


def test_a_pending_alert_fires() -> None:
    waiting = AlertFired(alert=alert(1).model_copy(update={"state": AlertState.PENDING}))
    given(waiting).when(report(2)).then(fired(2))


@pytest.mark.parametrize(("age", "renewed"), [(0, False), (45, False), (46, True), (200, True)])
def test_a_repeat_after_half_the_retention_renews(age: int, *, renewed: bool) -> None:
    head = Head(alert(1), NOW)
    at = NOW + timedelta(days=age)
    expected = fired(1, renewed=True) if renewed else Repeat(alert(1).id)
    assert domain.decide(head, report(2), at=at, retention=RETENTION) == expected


def test_an_end_is_not_renewed() -> None:
    at = NOW + timedelta(days=80)
    decision = domain.decide(Head(alert(1), NOW), report(1, 5), at=at, retention=RETENTION)
    assert decision == resolved(1, 5)


def test_an_id_is_of_the_cluster_the_fingerprint_and_the_start() -> None:
    known = UUID("7f559920-12bc-5feb-96f6-5b8e8cb74c77")
    assert domain.occurrence_id(CLUSTER, "00000000000000ff", START) == known
    others = {
        domain.occurrence_id(OTHER, "00000000000000ff", START),
        domain.occurrence_id(CLUSTER, "0000000000000100", START),
        domain.occurrence_id(CLUSTER, "00000000000000ff", second(0.000001)),
    }
    assert len({known, *others}) == 4


def test_an_id_does_not_depend_on_how_a_time_is_told() -> None:
    told = "2026-03-01T14:00:00.000+02:00"
    assert report(0, startsAt=told) == report(0)


def batch(heads: dict[str, Head], *observations: Observation) -> dict[str, domain.Fold]:
    return domain.decide_batch(heads, observations, at=NOW, retention=RETENTION)


def test_reports_of_one_alert_in_one_post_are_folded_in_order() -> None:
    folds = batch({}, report(1), report(1), report(1, 5), report(1), report(6))
    assert folds["00000000000000ff"].events == (fired(1), resolved(1, 5), fired(6))
    assert folds["00000000000000ff"].ignored == 1
    assert [(told.alert_id, told.count) for told in folds["00000000000000ff"].repeats] == [
        (alert(1).id, 1)
    ]


def test_repeats_are_counted_by_occurrence() -> None:
    folds = batch({}, report(1), report(1), report(2), report(1, 5), report(6), report(6))
    (repeats,) = (fold.repeats for fold in folds.values())
    assert [(told.alert_id, told.count, told.last_seen_at) for told in repeats] == [
        (alert(1).id, 2, NOW),
        (alert(6).id, 1, NOW),
    ]


def test_a_batch_finds_the_head_of_each_alert() -> None:
    heads = {"00000000000000ff": Head(alert(1), NOW)}
    folds = batch(heads, report(1, 5), report(3, fingerprint="aa"))
    assert folds["00000000000000ff"].events == (resolved(1, 5),)
    (event,) = folds["aa"].events
    assert isinstance(event, AlertFired)


def test_a_round_holds_one_event_of_an_alert_at_most() -> None:
    folds = batch({}, report(1), report(3, fingerprint="aa"), report(1, 5), report(6))
    sizes = [[event.alert.fingerprint for event in part] for part in domain.rounds(folds.values())]
    assert sizes == [["00000000000000ff", "aa"], ["00000000000000ff"], ["00000000000000ff"]]
    assert list(domain.rounds([])) == []


def test_a_stale_occurrence_is_renewed_once_a_batch() -> None:
    heads = {"00000000000000ff": Head(alert(1), NOW - timedelta(days=60))}
    (fold,) = batch(heads, report(1), report(1)).values()
    assert fold.events == (fired(1, renewed=True),)
    assert [told.count for told in fold.repeats] == [1]


def test_starts_only_grow() -> None:
    (fold,) = batch({}, *(report(s, e) for s in range(4) for e in (None, s, s + 1))).values()
    starts = [event.alert.starts_at for event in fold.events if isinstance(event, AlertResolved)]
    assert all(earlier < later for earlier, later in pairwise(starts))
