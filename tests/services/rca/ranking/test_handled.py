"""Spans and lines folded into requests."""

import random
from collections import Counter
from collections.abc import Iterable

from hypothesis import given, strategies as st

from services.rca.ranking import Handled, Line, Span, Templates, handled
from tests.kit.traced import shop


def folded(spans: list[Span], lines: Iterable[Line] = ()) -> list[Handled]:
    return list(handled(spans, lines, Templates()))


def test_a_request_knows_its_own_time_and_that_of_the_way() -> None:
    web, cart = folded(
        [
            Span("t", "1", "", "web", "get", 10.0, 1.0),
            Span("t", "2", "1", "web", "client", 10.1, 0.6),
            Span("t", "3", "2", "cart", "list", 10.2, 0.4),
            Span("t", "4", "3", "cart", "select", 10.3, 0.1),
        ]
    )
    assert (web.entity, web.caller, web.calls) == ("web", None, ("cart",))
    assert round(web.own, 6) == 0.4
    assert web.done == (("call cart", 1), ("span client", 1), ("span get", 1))
    assert (cart.entity, cart.caller, round(cart.gap, 6), round(cart.own, 6)) == (
        "cart",
        "web",
        0.2,
        0.4,
    )


def test_calls_at_the_same_time_are_waited_for_once() -> None:
    found = folded(
        [
            Span("t", "1", "", "web", "get", 0.0, 1.0),
            *(Span("t", f"a{at}", "1", "web", "client", 0.1 * at, 0.5) for at in range(3)),
            *(Span("t", f"b{at}", f"a{at}", "cart", "list", 0.1 * at, 0.4) for at in range(3)),
        ]
    )
    assert round(found[0].own, 6) == 0.3


def test_lines_belong_to_the_request_of_their_span() -> None:
    spans = [Span("t", "1", "", "web", "get", 0, 1), Span("t", "2", "1", "web", "render", 0, 1)]
    lines = [
        Line("t", "2", "web", "INFO page is ready"),
        Line("t", "2", "web", "ERROR no page"),
        Line("t", "9", "web", "INFO of no span that is there"),
    ]
    (found,) = folded(spans, lines)
    assert ("line 0", 1) in found.done
    assert found.errors == {"1"}
    assert sum(count for name, count in found.done if name.startswith("line")) == 1


def test_a_span_whose_parent_is_missing_begins_a_request() -> None:
    (found,) = folded([Span("t", "2", "1", "cart", "list", 0.0, 1.0)])
    assert (found.caller, found.gap) == (None, 0.0)
    (own,) = folded([Span("t", "1", "1", "cart", "list", 0.0, 1.0)])
    assert own.caller is None


def test_spans_that_call_each_other_in_a_circle_are_left_out() -> None:
    assert not folded([Span("t", "1", "2", "a", "x", 0, 1), Span("t", "2", "1", "a", "x", 0, 1)])


@given(st.randoms(use_true_random=False))
def test_the_order_of_spans_does_not_matter(rng: random.Random) -> None:
    spans, lines = shop(5)
    mixed = [*spans]
    rng.shuffle(mixed)
    assert Counter(folded(mixed, lines)) == Counter(folded(spans, lines))
