"""Lines of several sources put into one order: whatever arrives when, and however it is taken."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, strategies as st

from gateway.federation.reordering import OVERLAP, Bounds, Recent, Released, Reordering

SECOND = 1_000_000_000
WAIT, SETTLE = 1.0, 0.2
Sent = tuple[float, int, int]
"""When a line arrives, from which source, and its nanoseconds."""


def window(**changes: int) -> Reordering[str]:
    return Reordering(Bounds(wait=WAIT, settle=SETTLE, **changes))


def add(held: Reordering[str], source: str, now: float, *moments: int) -> None:
    held.add(source, [(ns, 1, f"{source}{ns}") for ns in moments], now)


def texts(released: list[Released[str]]) -> list[str]:
    return [each.line for each in released]


def test_lines_wait_until_every_source_is_past_them() -> None:
    held = window()
    held.join("a")
    held.join("b")
    add(held, "a", 0.0, 10, 30)
    assert held.take(0.5) == []
    add(held, "b", 0.5, 20, 40)
    assert texts(held.take(0.8)) == ["a10", "b20", "a30"]
    assert held.held == 1


def test_a_source_that_is_slow_holds_up_the_others_for_a_moment_only() -> None:
    held = window()
    held.join("a")
    held.join("b")
    add(held, "a", 0.0, 10, 30)
    assert held.due(0.4) == WAIT - 0.4
    assert texts(held.take(WAIT)) == ["a10", "a30"]
    add(held, "b", 2.0, 20)
    (late,) = held.take(2.0 + WAIT)
    assert (late.line, late.late) == ("b20", True)


def test_a_sign_of_life_is_as_good_as_a_newer_line() -> None:
    held = window()
    held.join("a")
    held.join("b")
    add(held, "a", 0.0, 10)
    held.beat("b")
    assert held.due(0.0) == SETTLE
    assert texts(held.take(SETTLE)) == ["a10"]
    add(held, "a", 1.0, 20)
    assert held.take(1.0 + SETTLE) == []


def test_nobody_waits_for_a_source_that_has_left() -> None:
    held = window()
    held.join("a")
    held.join("b")
    add(held, "a", 0.0, 10)
    held.leave("b")
    assert texts(held.take(SETTLE)) == ["a10"]


def test_a_source_whose_clock_is_ahead_does_not_undo_the_order_of_the_others() -> None:
    held = window()
    for source in ("a", "b", "ahead"):
        held.join(source)
    add(held, "ahead", 0.0, 3_600 * SECOND)
    assert texts(held.take(WAIT)) == [f"ahead{3_600 * SECOND}"]
    add(held, "a", 2.0, 20)
    add(held, "b", 2.5, 10, 30)
    assert texts(held.take(2.5 + SETTLE)) == ["b10", "a20"]


def test_what_does_not_fit_is_dropped_oldest_first_and_counted() -> None:
    held = window(lines=3)
    add(held, "a", 0.0, 5, 4, 3, 2, 1)
    assert held.dropped == 2
    assert texts(held.take(WAIT)) == ["a3", "a4", "a5"]
    small = window(size=10)
    small.add("a", [(1, 6, "first"), (2, 5, "second")], 0.0)
    assert (small.dropped, texts(small.take(WAIT))) == (1, ["second"])


def test_when_many_are_held_they_need_not_wait() -> None:
    held = window(lines=4)
    held.join("a")
    held.join("b")
    add(held, "a", 0.0, 3, 1)
    assert held.due(0.0) == WAIT
    add(held, "a", 0.0, 2)
    assert (held.full, held.due(0.0)) == (True, 0.0)
    assert texts(held.take(0.0)) == ["a1"]
    assert held.take(0.5) == []


def test_no_more_is_taken_at_once_than_was_asked_for() -> None:
    held = window()
    add(held, "a", 0.0, *range(10))
    assert len(held.take(WAIT, lines=4)) == 4
    assert held.due(WAIT) == 0.0
    assert len(held.take(WAIT, size=3)) == 3
    assert len(held.take(WAIT)) == 3
    assert held.due(WAIT) is None


@dataclass(frozen=True)
class Told:
    at: float
    released: Released[int]


def run(sent: list[Sent], looks: list[float], *, beats: list[float] | None = None) -> list[Told]:
    """What comes out when lines arrive and somebody looks at these times."""
    held: Reordering[int] = Reordering(Bounds(wait=WAIT, settle=SETTLE))
    for source in {source for _, source, _ in sent}:
        held.join(source)
    happens = [(at, 0, source, ns) for at, source, ns in sent]
    happens += [(at, 1, 0, 0) for at in beats or ()] + [(at, 2, 0, 0) for at in looks]
    told: list[Told] = []
    for at, what, source, ns in sorted(happens):
        match what:
            case 0:
                held.add(source, [(ns, 1, source)], at)
            case 1:
                held.beat(source)
            case _:
                told += [Told(at, each) for each in held.take(at)]
                waiting = held.due(at)
                assert waiting is None or 0 < waiting <= WAIT
    end = max([at for at, *_ in happens], default=0.0) + WAIT
    told += [Told(end, each) for each in held.take(end)]
    assert held.held == 0
    return told


Times = st.floats(0, 5, allow_nan=False)
Lines = st.lists(st.tuples(Times, st.integers(0, 3), st.integers(0, 5 * SECOND)), max_size=40)
Looks = st.lists(Times, max_size=20)


@given(Lines, Looks, Looks)
def test_every_line_comes_out_once_in_time_and_says_whether_it_is_late(
    sent: list[Sent], looks: list[float], beats: list[float]
) -> None:
    told = run(sent, looks, beats=beats)
    out = [(each.released.line, each.released.ns) for each in told]
    assert sorted(out) == sorted((source, ns) for _, source, ns in sent)
    newest = -1
    for each in told:
        assert each.released.late == (each.released.ns < newest)
        newest = max(newest, each.released.ns)
    punctual = [each.released.ns for each in told if not each.released.late]
    assert all(a <= b for a, b in pairwise(punctual))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), max_size=40),
    st.lists(st.floats(0, WAIT * 0.99), min_size=4, max_size=4),
    Looks,
)
def test_sources_that_lag_less_than_the_wait_are_never_late(
    lines: list[tuple[int, int]], lags: list[float], looks: list[float]
) -> None:
    """Each source is in order and behind by a time of its own: all come out as if sorted."""
    sent = [
        (tenths / 10 + lags[source], source, tenths * SECOND // 10)
        for source, tenths in sorted(lines, key=lambda line: line[1])
    ]
    told = run(sent, looks)
    assert not any(each.released.late for each in told)
    moments = [each.released.ns for each in told]
    assert moments == sorted(ns for _, _, ns in sent)


def test_a_line_is_known_by_its_time_and_content() -> None:
    recent, now = Recent(), 10**18
    assert recent.resume == 0
    assert recent.fresh(now, "a", now)
    assert not recent.fresh(now, "a", now)
    assert recent.fresh(now, "b", now)
    assert recent.fresh(now - 5, "a", now)
    assert recent.resume == now - OVERLAP


def test_a_line_of_the_future_does_not_decide_where_to_go_on() -> None:
    recent, now = Recent(), 10**18
    assert recent.fresh(now + 600 * SECOND, "a", now)
    assert recent.resume == now - OVERLAP
    assert not recent.fresh(now + 600 * SECOND, "a", now + SECOND)


@given(st.lists(st.integers(0, 30 * SECOND), max_size=60), st.integers(1, 60))
def test_a_source_asked_again_from_where_it_stands_is_told_once(
    moments: list[int], cut: int
) -> None:
    """Lines that are in order, then asked for again: none is missing, none comes twice."""
    lines, recent = sorted(set(moments)), Recent()
    first = [ns for ns in lines[:cut] if recent.fresh(ns, "x", ns)]
    again = [ns for ns in lines if ns >= recent.resume and recent.fresh(ns, "x", ns)]
    assert first + again == lines
