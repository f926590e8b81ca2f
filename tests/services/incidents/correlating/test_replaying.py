"""Whoever folds the same log knows the same, and decides nothing again."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings, strategies as st

from contracts.alerts import AlertFired, AlertResolved
from services.incidents.correlating import Board
from tests.kit.samples import START
from tests.kit.storms import Shape, storm
from tests.services.incidents.correlating.kit import Log, alert, over, pods

_PLACES = ("shop", "bank", "ran")
_NAMES = ("KubePodNotReady", "HighErrorRate", "KubePodCrashLooping")


def _alert(name: str, namespace: str, number: int, began: int) -> AlertFired:
    return alert(name, began, key=number, namespace=namespace, pod=f"cart-{number}")


_steps = st.lists(
    st.tuples(
        st.sampled_from(_NAMES),
        st.sampled_from(_PLACES),
        st.integers(0, 3),
        st.booleans(),
        st.integers(0, 25),
    ),
    min_size=1,
    max_size=40,
)


def _history(steps: Sequence[tuple[str, str, int, bool, int]], *, decided: bool = True) -> Log:
    """Alerts that begin and end; decided now and then."""
    log, at = Log(), 0
    for name, namespace, number, ends, wait in steps:
        at += wait
        fired = _alert(name, namespace, number, 0)
        event: AlertFired | AlertResolved = over(fired, at) if ends else fired
        log.add(event, at=at)
        if decided:
            log.decide(at)
    if decided:
        log.run(at, at + 700, 20)
    return log


@settings(max_examples=40)
@given(_steps, st.integers(0, 10_000))
def test_a_snapshot_and_the_rest_of_the_log_give_the_same_state(
    steps: list[tuple[str, str, int, bool, int]], cut: int
) -> None:
    log = _history(steps)
    at = cut % (len(log.records) + 1)
    early = log.replayed(log.records[:at])
    late = Board.load(early.dump(), log.settings)
    for record in log.records[at:]:
        late.fold(record)
    assert late.dump() == log.board.dump() == log.replayed().dump()


@settings(max_examples=40)
@given(_steps)
def test_another_board_decides_the_same_next_and_nothing_again(
    steps: list[tuple[str, str, int, bool, int]],
) -> None:
    log = _history(steps)
    last = log.records[-1].logged_at
    assert log.replayed().decide(last) == log.board.decide(last)
    assert log.board.decide(last) == []


@settings(max_examples=40)
@given(_steps)
def test_deciding_changes_nothing(steps: list[tuple[str, str, int, bool, int]]) -> None:
    log = _history(steps, decided=False)
    before, now = log.board.dump(), log.records[-1].logged_at + timedelta(seconds=40)
    first = log.board.decide(now)
    assert log.board.dump() == before
    assert log.board.decide(now) == first


@settings(max_examples=40)
@given(_steps)
def test_no_signal_is_in_two_incidents(steps: list[tuple[str, str, int, bool, int]]) -> None:
    log = _history(steps)
    members = [one for case in log.board.open_cases() for one in case.items]
    assert len(members) == len(set(members))
    waiting = {one.id for one in log.board.waiting()}
    assert not waiting & set(members)


@settings(max_examples=15)
@given(st.permutations(pods(6) + [alert("HighErrorRate", n, namespace="bank", service=f"s{n}")
                                  for n in range(6)]))  # fmt: skip
def test_the_order_within_a_second_does_not_matter(events: list[AlertFired]) -> None:
    one, other = Log(), Log()
    one.add(*events)
    other.add(*sorted(events, key=lambda event: event.alert.id.hex))
    one.run(0, 45)
    other.run(0, 45)
    assert one.partition() == other.partition()


def test_a_crash_between_decisions_loses_and_doubles_nothing_in_a_storm() -> None:
    told = storm(3, Shape(alerts=400, seconds=120, clusters=6, causes=3, group=5, late=5))
    log, waiting = Log(), list(told.told)
    for second in range(0, 260, 3):
        now = START + timedelta(seconds=second)
        while waiting and waiting[0].recorded.logged_at <= now:
            log.add(waiting.pop(0).recorded.event, at=second)
        log.decide(second)
        if second % 30 == 0:
            log.board = Board.load(log.board.dump(), log.settings)
    members = [one for case in log.board.open_cases() for one in case.items]
    assert len(members) == len(set(members))
    assert log.replayed().dump() == log.board.dump()
