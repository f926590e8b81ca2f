"""An incident may go on for days: what has ended is counted, and kept while there is room."""

from datetime import timedelta
from uuid import UUID

from contracts.incidents import IncidentUpdated, MergeIncidents
from services.incidents import domain
from services.incidents.correlating import Board, Settings
from services.incidents.correlating.telling import united
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID, START
from tests.services.incidents.correlating.kit import Log, alert, over, pods

_FEW = Settings(most_ended=50)


def stormy(log: Log) -> UUID:
    """An incident that goes on, of 600 alerts that came and ended within twenty minutes."""
    log.add(alert("KubeNodeNotReady", node="worker-3", severity="critical"))
    (opened,) = log.decide(31)
    for minute in range(1, 21):
        at = 60 * minute
        wave = pods(30, began=at, node="worker-3", namespace=f"shop-{minute}")
        log.add(*wave, at=at)
        log.run(at, at + 20)
        log.add(*(over(one, at + 30) for one in wave), at=at + 30)
        log.run(at + 30, at + 59)
    log.add(alert("Watchdog", 1400), at=1400)  # Anything: the next event lets go.
    return opened.incident.id


def test_of_signals_that_have_ended_the_latest_are_kept_and_all_are_counted() -> None:
    log = Log(_FEW)
    incident_id = stormy(log)
    case = log.board.case(incident_id)
    assert case is not None
    assert case.head.signals == case.members == 601
    assert case.head.lasting == 1
    # The first ones stay, as they tell what it is about.
    assert len(case.items) <= 50 + 16 + 1
    assert case.head.title == "KubeNodeNotReady on worker-3 and 600 more"
    newest = [one.at.namespace for one in case.items.values()][-1]
    assert newest == "namespace/shop-20"


def test_all_else_that_is_kept_of_them_goes_with_them() -> None:
    log = Log(_FEW)
    stormy(log)
    state = log.board.state
    kept = sum(len(case.items) for case in state.cases.values())
    assert len(state.member_of) == kept
    assert sum(case.size for case in state.cases.values()) == kept
    gone = "namespace/shop-2"
    assert all(token != gone for _, token in state.register.seen)
    loaded = Board.load(log.board.dump(), _FEW)
    assert loaded.dump() == log.board.dump()
    assert loaded.state.register.seen == state.register.seen


def test_what_joins_and_ends_later_counts_on() -> None:
    log = Log(_FEW)
    incident_id = stormy(log)
    late = pods(3, began=1500, node="worker-3", namespace="shop-21")
    log.add(*late, at=1500)
    told = [one for one in log.run(1500, 1600) if isinstance(one, IncidentUpdated)]
    assert told[-1].incident.id == incident_id
    assert told[-1].incident.signals == 604
    assert told[-1].incident.lasting == 4


def test_an_incident_that_is_merged_brings_those_that_were_let_go() -> None:
    log = Log(_FEW)
    incident_id = stormy(log)
    log.add(
        alert("EtcdNoLeader", 1500, severity="critical", cluster=str(OTHER_CLUSTER_ID)), at=1500
    )
    log.run(1500, 1540)
    (other,) = [case for case in log.board.open_cases() if case.id != incident_id]
    case = log.board.case(incident_id)
    assert case is not None
    both = united(other, case)
    assert (both.signals, both.lasting) == (602, 2)
    assert set(both.cluster_ids) == {CLUSTER_ID, OTHER_CLUSTER_ID}
    assert both.opened_at == case.head.opened_at
    asked = domain.Asked("alice", START + timedelta(seconds=1550))
    command = MergeIncidents(incident_id=other.id, other_id=incident_id)
    gone, whole = domain.merge(other.head, case.head, command, asked)
    log.add(whole, at=1550, version=other.version + 1)
    log.add(gone, at=1550, version=case.version + 1)
    assert other.members == other.head.signals == 602


def test_more_than_can_be_known_waits() -> None:
    log = Log(Settings(most_known=20))
    log.add(*pods(30))
    log.run(0, 40)
    log.add(*pods(10, began=50, namespace="other"), at=50)
    assert log.run(50, 100) == []
    assert len(list(log.board.waiting())) == 10
