"""What belongs together, what opens, joins, ends and comes back; each as events that say why."""

import gzip
from uuid import UUID

import pytest

from contracts.alerts import Severity
from contracts.incidents import (
    Incident,
    IncidentAcknowledged,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSplit,
    IncidentState,
    IncidentUpdated,
)
from services.incidents.correlating import Board, Settings
from tests.kit import builders
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID
from tests.services.incidents.correlating.kit import Log, alert, over, pods


def opened(log: Log, count: int = 3) -> Incident:
    """An incident of pods of one workload, opened after half a minute."""
    log.add(*pods(count))
    (told,) = log.decide(31)
    assert isinstance(told, IncidentOpened)
    return told.incident


def test_a_warning_waits_for_company_and_then_opens_with_all_that_came() -> None:
    log = Log()
    log.add(*pods(40))
    assert log.run(0, 30) == []
    (told,) = log.decide(30)
    assert isinstance(told, IncidentOpened)
    assert told.incident.signals == told.incident.lasting == 40
    assert told.incident.title == "KubePodNotReady of shop/cart and 39 more"
    assert told.incident.where[:1] == ("workload/shop/cart",)


def test_a_critical_signal_opens_sooner() -> None:
    log = Log()
    log.add(alert("KubeNodeNotReady", node="worker-3", severity="critical"))
    assert log.decide(9) == []
    (told,) = log.decide(10)
    assert told.incident.severity is Severity.CRITICAL
    assert told.incident.title == "KubeNodeNotReady on worker-3"


def test_what_joins_says_why_in_words_and_numbers() -> None:
    log = Log()
    opened(log)
    log.add(alert("HighErrorRate", 40, namespace="shop", service="cart"), at=41)
    (told,) = log.decide(42)
    assert isinstance(told, IncidentUpdated)
    (joined,) = told.added
    assert "same workload shop/cart as 3 of its 3 signals there" in joined.reason
    assert joined.likeness > 0.9


def test_what_an_operator_tells_belongs_to_what_is_broken_in_its_namespace() -> None:
    log = Log()
    for number in range(2):
        log.add(alert("HAProxyDown", namespace="openshift-ingress", severity="critical",
                      pod=f"router-default-7d9c6f5b8-2xkz{number}"))  # fmt: skip
    log.run(0, 60)
    log.add(alert("ClusterOperatorDegraded", 90, name="ingress",
                  namespace="openshift-cluster-version"), at=90)  # fmt: skip
    log.run(90, 150)
    (case,) = log.board.open_cases()
    assert case.head.signals == 3


def test_what_has_nothing_in_common_is_another_incident() -> None:
    log = Log()
    first = opened(log)
    log.add(alert("CertificateExpired", 40, namespace="bank", ingress="www"), at=40)
    (told,) = log.run(40, 75)
    assert isinstance(told, IncidentOpened)
    assert told.incident.id != first.id


def test_the_same_in_two_clusters_is_two_incidents() -> None:
    log = Log()
    log.add(*pods(5), *pods(5, cluster=str(OTHER_CLUSTER_ID)))
    assert [len(told.incident.cluster_ids) for told in log.decide(31)] == [1, 1]


def test_the_same_in_many_clusters_within_minutes_is_one() -> None:
    log = Log()
    clusters = [UUID(int=number, version=4) for number in range(1, 9)]
    for number, cluster in enumerate(clusters):
        log.add(alert("CoreDNSErrorsHigh", 5 * number, namespace="openshift-dns",
                      severity="critical", cluster=str(cluster)), at=5 * number)  # fmt: skip
        log.decide(5 * number + 1)
    log.run(40, 80)
    (case,) = log.board.open_cases()
    assert len(case.head.cluster_ids) == 8
    assert case.head.title == "CoreDNSErrorsHigh in 8 clusters and 7 more"


def test_what_is_of_little_weight_opens_nothing_but_may_join() -> None:
    log = Log()
    trifle = alert("CPUThrottlingHigh", namespace="shop", pod="cart-7d9c6f5b8-2xkzq")
    trifle = trifle.model_copy(
        update={"alert": trifle.alert.model_copy(update={"severity": Severity.INFO})}
    )
    log.add(trifle)
    assert log.run(0, 60) == []
    log.add(*pods(3, began=60), at=60)
    told = log.run(61, 95)
    assert [len(one.added) for one in told if isinstance(one, IncidentOpened)] == [4]


def test_a_silenced_alert_opens_nothing_until_it_is_silenced_no_more() -> None:
    log = Log()
    muted = alert("KubePodNotReady", namespace="shop", pod="cart-0")
    log.add(builders.silenced(**dict(muted.alert)), muted)
    assert log.run(0, 60) == []
    log.add(builders.unsilenced(**dict(muted.alert)), at=60)
    (told,) = log.decide(61)
    assert isinstance(told, IncidentOpened)


def test_an_alert_that_ends_before_it_is_decided_on_leaves_no_trace() -> None:
    log = Log()
    short = alert("KubePodNotReady", namespace="shop", pod="cart-0")
    log.add(short)
    log.add(over(short, 20), at=20)
    assert log.run(0, 120, 5) == []


def test_an_incident_is_resolved_when_all_has_ended_for_a_while() -> None:
    log = Log()
    opened(log)
    log.add(*map(over, pods(3)), at=100)
    told = log.run(100, 420, 5)
    assert isinstance(told[0], IncidentUpdated)
    assert len(told[0].ended) == 3
    assert told[0].incident.lasting == 0
    assert isinstance(told[-1], IncidentResolved)
    assert told[-1].incident.resolved_by is None
    assert len(told) == 2


def test_what_returns_soon_re_opens_what_was_resolved() -> None:
    log = Log()
    incident = opened(log)
    log.add(*map(over, pods(3)), at=100)
    log.run(100, 420, 5)
    log.add(alert("KubePodNotReady", 500, key="again", namespace="shop",
                  pod="cart-7d9c6f5b8-00001"), at=500)  # fmt: skip
    (told,) = log.run(500, 540)
    assert isinstance(told, IncidentReopened)
    assert told.incident.id == incident.id
    assert told.incident.state is IncidentState.OPEN


def test_a_state_that_comes_and_goes_is_one_signal_and_hardly_told() -> None:
    log = Log()
    log.add(builders.status_changed(new_state="OFFLINE"))
    log.decide(11)
    for second in range(20, 260, 4):
        state = "ONLINE" if second % 8 == 4 else "OFFLINE"
        log.add(builders.status_changed(new_state=state), at=second)
        log.decide(second)
    (case,) = log.board.open_cases()
    assert len(case.items) == 1
    assert len(log.told) <= 6


def test_a_state_that_is_back_long_after_is_another_signal() -> None:
    """What it was stays with the incident that it was in."""
    log = Log()
    told = list[IncidentOpened]()
    for start in (0, 10_000):
        log.add(builders.status_changed(new_state="OFFLINE"), at=start)
        (one,) = log.decide(start + 11)
        assert isinstance(one, IncidentOpened)
        told.append(one)
        log.add(builders.status_changed(new_state="ONLINE"), at=start + 100)
        log.run(start + 100, start + 500, 10)
    first, second = told
    assert first.incident.id != second.incident.id
    assert first.added[0].id != second.added[0].id


def test_the_same_alert_that_fires_again_re_opens_what_it_was_in_whatever_it_is_like() -> None:
    log = Log()
    node = alert("KubeNodeNotReady", node="worker-3", severity="critical")
    log.add(node, *pods(30, node="worker-3"))
    (opened,) = log.decide(31)
    log.add(over(node), *map(over, pods(30, node="worker-3")), at=100)
    log.run(100, 420, 5)
    log.add(alert("KubeNodeNotReady", 500, key="again", node="worker-3", severity="critical"),
            at=500)  # fmt: skip
    (told,) = log.run(500, 540)
    assert isinstance(told, IncidentReopened)
    assert told.incident.id == opened.incident.id


def test_a_storm_is_told_in_few_events_of_bounded_size() -> None:
    log = Log()
    log.add(*pods(1_200))
    told = log.decide(31)
    assert [len(one.added) for one in told] == [500, 500, 200]  # type: ignore[union-attr]
    assert told[-1].incident.signals == 1_200


def test_no_more_incidents_are_opened_than_may_be_open() -> None:
    log = Log(Settings(most_open=2))
    for name in ("one", "two", "three"):
        log.add(alert(f"Odd{name.title()}", namespace=name, ingress=name))
    log.run(0, 60)
    assert len(log.board.open_cases()) == 2
    assert len(list(log.board.waiting())) == 1


def test_when_too_many_wait_the_oldest_are_left_out() -> None:
    log = Log(Settings(most_waiting=10))
    log.add(*pods(25))
    assert len(list(log.board.waiting())) == 10
    assert log.board.left_out == 15


def test_people_acknowledge_merge_and_split_in_the_middle_of_it() -> None:
    log = Log()
    incident = opened(log, 6)
    seen = incident.model_copy(update={"state": IncidentState.ACKNOWLEDGED})
    log.add(IncidentAcknowledged(incident=seen, reason="mine"), at=40, version=2)
    other = incident.model_copy(update={"id": UUID(int=7), "signals": 2})
    moved = tuple(one.alert.id for one in pods(6)[:2])
    log.add(IncidentSplit(incident=seen, reason="no", other_id=other.id, moved=moved,
                          from_other=False), at=41, version=3)  # fmt: skip
    log.add(IncidentSplit(incident=other, reason="no", other_id=seen.id, moved=moved,
                          from_other=True), at=41, version=1)  # fmt: skip
    sizes = {case.id: len(case.items) for case in log.board.open_cases()}
    assert sizes == {incident.id: 4, other.id: 2}
    assert not any(isinstance(one, IncidentMerged) for one in log.run(41, 200, 3))
    ended = other.model_copy(update={"state": IncidentState.RESOLVED, "merged_into": seen.id})
    log.add(IncidentMerged(incident=seen, reason="one", other_id=other.id), at=201, version=4)
    log.add(IncidentMerged(incident=ended, reason="one", other_id=seen.id), at=201, version=2)
    assert {case.id: len(case.items) for case in log.board.open_cases()} == {incident.id: 6}


def test_an_event_that_comes_twice_counts_once() -> None:
    log = Log()
    opened(log)
    before = log.board.dump()
    for record in log.records:
        log.board.fold(record)
    assert log.board.dump() == before


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        Board.load(gzip.compress(b'{"version": 0}'))


def test_a_gpu_that_has_an_error_once_is_over_after_a_while() -> None:
    log = Log()
    log.add(builders.xid_error(cluster_id=CLUSTER_ID))
    told = log.run(0, 1_500, 10)
    assert [type(one) for one in told] == [IncidentOpened, IncidentUpdated, IncidentResolved]
