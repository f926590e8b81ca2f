"""Which error traces are told: fairly shared out, never more than allowed, none lost count of."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from hypothesis import given, strategies as st

from services.telemetry.error_traces import (
    EACH,
    FURTHEST,
    MOST,
    OVERLAP,
    ErrorTrace,
    Look,
    Looks,
    pick,
    ripe,
)
from tests.kit import builders

NOW = builders.at(3_600)


def trace(number: int, service: str | None = "shop", operation: str = "buy") -> ErrorTrace:
    """A trace that began so many seconds before now."""
    at = NOW - timedelta(seconds=number)
    return ErrorTrace(f"{number:032x}", service, operation, at, 5)


TRACES = st.lists(
    st.builds(
        trace,
        st.integers(0, 10_000),
        st.sampled_from(["a", "b", "c", "d", None]),
        st.sampled_from(["x", "y", "z"]),
    ),
    unique_by=lambda each: each.trace_id,
    max_size=60,
)


@given(TRACES, st.integers(1, 12), st.integers(1, 4))
def test_what_is_told_is_limited_fair_and_counted(
    found: list[ErrorTrace], most: int, each: int
) -> None:
    told = pick(found, most, each)
    assert len(told) <= most
    assert {one.trace for one in told} <= set(found)
    assert len({one.trace.trace_id for one in told}) == len(told)
    kinds, of_kind = Counter(one.kind for one in found), Counter(one.trace.kind for one in told)
    assert max(of_kind.values(), default=0) <= each
    for kind, count in of_kind.items():
        assert count + sum(one.similar for one in told if one.trace.kind == kind) == kinds[kind]
    services = {one.service for one in found}
    assert len({one.trace.service for one in told}) == min(len(services), most)
    room = sum(min(count, each) for count in kinds.values())
    assert len(told) == min(room, most), "no place stays empty while there is something to tell"


@given(TRACES)
def test_the_order_in_which_a_tempo_answers_does_not_matter(found: list[ErrorTrace]) -> None:
    assert pick(found) == pick(found[::-1])


def test_a_service_that_fails_all_the_time_does_not_hide_the_others() -> None:
    noise = [trace(number, "noisy", f"GET /{number}") for number in range(500)]
    told = pick([*noise, trace(9_000, "quiet")])
    assert len(told) == MOST
    assert told[1].trace.service == "quiet"


def test_alike_traces_are_counted_with_the_newest_of_them() -> None:
    told = pick([trace(number) for number in range(9)])
    assert [(one.trace.trace_id[-1], one.similar) for one in told] == [("0", 9 - EACH), ("1", 0)]


def test_a_trace_without_a_root_waits_for_it_a_while() -> None:
    young, old = trace(10, None), trace(100, None)
    assert ripe([young, old, trace(1)], NOW) == [old, trace(1)]


def test_looks_overlap_and_never_reach_further_back_than_ten_minutes() -> None:
    assert Look().since(NOW) == NOW - FURTHEST
    assert Look(NOW - timedelta(minutes=1)).since(NOW) == NOW - timedelta(minutes=1) - OVERLAP
    assert Look(NOW - timedelta(hours=5)).since(NOW) == NOW - FURTHEST
    ahead = Look(NOW + timedelta(hours=5))
    assert ahead.since(NOW) == NOW - OVERLAP, "a clock that was set back"


def test_what_is_remembered_is_bounded() -> None:
    looks = Looks(most_ids=100)
    for number in range(50):
        looks.put(UUID(int=number), Look(NOW, frozenset(str(each) for each in range(9))))
    known = [number for number in range(50) if looks.of(UUID(int=number)).seen]
    assert known == [*range(40, 50)]
    looks.forget(UUID(int=49))
    assert looks.of(UUID(int=49)) == Look()
    looks.put(UUID(int=50), Look(NOW, frozenset("123456789")))
    assert looks.of(UUID(int=40)).seen, "there is room again for what was forgotten"
