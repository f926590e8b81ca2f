"""The critical path: without gaps, as long as the root, and through who finished last."""

from itertools import pairwise
from uuid import UUID

from hypothesis import given, strategies as st

from gateway.federation.critical_path import critical_path, root_of
from gateway.federation.fleet import ClusterRef
from gateway.federation.otlp import Span

HERE = ClusterRef(UUID(int=1), "here", "hub", "1")


def span(number: int, parent: int | None, start: int, end: int) -> Span:
    above = None if parent is None else f"{parent:016x}"
    return Span(HERE, f"{number:016x}", above, f"work {number}", "web", start, end)


def path(*spans: Span) -> list[tuple[int, int, int]]:
    return [(int(each.span_id, 16), each.start, each.end) for each in critical_path(spans)]


def test_a_root_alone_is_its_own_path() -> None:
    assert path(span(1, None, 10, 20)) == [(1, 10, 20)]
    assert path() == []


def test_children_one_after_the_other_are_all_on_the_path() -> None:
    spans = (span(1, None, 0, 100), span(2, 1, 10, 40), span(3, 1, 50, 90))
    assert path(*spans) == [(1, 0, 10), (2, 10, 40), (1, 40, 50), (3, 50, 90), (1, 90, 100)]


def test_of_children_side_by_side_the_last_to_finish_counts() -> None:
    spans = (span(1, None, 0, 100), span(2, 1, 10, 60), span(3, 1, 20, 90), span(4, 3, 30, 80))
    assert path(*spans) == [(1, 0, 20), (3, 20, 30), (4, 30, 80), (3, 80, 90), (1, 90, 100)]


def test_a_child_that_outlives_its_parent_is_cut_and_one_outside_is_not_waited_for() -> None:
    spans = (span(1, None, 10, 50), span(2, 1, 0, 20), span(3, 1, 40, 99), span(4, 1, 60, 70))
    assert path(*spans) == [(2, 10, 20), (1, 20, 40), (3, 40, 50)]


def test_spans_without_a_known_root_begin_with_the_earliest() -> None:
    spans = (span(2, 1, 5, 20), span(3, 2, 6, 19), span(4, 9, 7, 8))
    assert root_of(spans) is spans[0]
    assert path(*spans) == [(2, 5, 6), (3, 6, 19), (2, 19, 20)]


def test_parents_in_a_circle_end() -> None:
    assert path(span(1, 2, 0, 10), span(2, 1, 2, 8), span(3, 3, 1, 9))


def test_a_very_deep_trace_has_a_path() -> None:
    depth = 50_000
    spans = [span(n, n - 1 or None, n, 2 * depth - n) for n in range(1, depth)]
    assert len(critical_path(spans)) == 2 * (depth - 1) - 1


@st.composite
def traces(draw: st.DrawFn) -> list[Span]:
    """Any spans: parents may be anybody, or nobody known."""
    count = draw(st.integers(1, 12))
    found: list[Span] = []
    for number in range(1, count + 1):
        parent = draw(st.none() | st.integers(1, count + 1))
        start = draw(st.integers(0, 60))
        found.append(span(number, parent, start, start + draw(st.integers(0, 40))))
    return found


@given(traces())
def test_the_path_has_no_gap_and_is_as_long_as_the_root(spans: list[Span]) -> None:
    root, found = root_of(spans), critical_path(spans)
    assert sum(each.end - each.start for each in found) == root.duration
    assert all(before.end == after.start for before, after in pairwise(found))
    if found:
        assert (found[0].start, found[-1].end) == (root.start, root.end)


@given(traces())
def test_nobody_is_on_the_path_while_not_at_work(spans: list[Span]) -> None:
    by_id = {each.span_id: each for each in spans}
    for each in critical_path(spans):
        at_work = by_id[each.span_id]
        assert at_work.start <= each.start < each.end <= at_work.end


@given(st.data(), traces())
def test_the_root_does_not_depend_on_the_order_of_the_spans(
    data: st.DataObject, spans: list[Span]
) -> None:
    assert root_of(data.draw(st.permutations(spans))) == root_of(spans)
