"""Requests of a small shop that goes wrong: who is blamed, and with which words."""

import random
from collections.abc import Sequence

import pytest

from services.rca.ranking import (
    Evidence,
    Handled,
    Past,
    Profile,
    Ranking,
    Templates,
    compare,
    explain,
    handled,
    profile,
    rank,
)
from tests.kit.traced import SERVICES, Trouble, served, shop

TROUBLES = [
    *(pytest.param(Trouble(each, work=0.05), id=f"slow {each}") for each in SERVICES),
    *(pytest.param(Trouble(each, network=0.05), id=f"far {each}") for each in SERVICES[1:]),
    *(pytest.param(Trouble(each, failing=0.5), id=f"failing {each}") for each in SERVICES),
]


def evidence(trouble: Trouble | None, *, requests: int = 60, earlier: int = 3) -> list[Evidence]:
    templates = Templates()
    clean = [profile(served(40, seed=7, templates=templates))]
    other = [profile(served(40, seed=20 + at, templates=templates)) for at in range(earlier)]
    now = profile(served(requests, trouble, seed=3, templates=templates))
    past = Past(clean, other)
    return compare(now, past, templates)


def ranked(trouble: Trouble | None, **how: int) -> Ranking:
    return rank(evidence(trouble, **how), SERVICES)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_who_is_in_trouble_comes_first(trouble: Trouble) -> None:
    found = ranked(trouble)
    assert found.candidates[0].entity == trouble.entity
    assert found.cause == found.candidates[0]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_one_calm_minute_is_enough_to_compare_with(trouble: Trouble) -> None:
    assert ranked(trouble, earlier=0).candidates[0].entity == trouble.entity


def test_without_trouble_the_cause_is_unknown() -> None:
    for seed in range(10):
        templates = Templates()
        now = profile(served(60, seed=100 + seed, templates=templates))
        before = profile(served(60, seed=200 + seed, templates=templates))
        found = rank(compare(now, Past([before], []), templates), SERVICES)
        assert found.cause is None
        assert explain(found).startswith("The cause is unknown")


def test_nothing_is_usual_before_there_is_a_past() -> None:
    now = profile(served(60, Trouble("cart", work=0.1)))
    past = Past([], [])
    assert not compare(now, past, Templates())
    assert explain(rank([])) == "The cause is unknown: there is nothing to look at."


def test_earlier_incidents_of_the_same_kind_do_not_make_it_usual() -> None:
    trouble = Trouble("cart", failing=0.5)
    templates = Templates()
    clean = [profile(served(40, seed=7, templates=templates))]
    other = [
        profile(served(40, trouble if at == 2 else None, seed=20 + at, templates=templates))
        for at in range(5)
    ]
    now = profile(served(60, trouble, seed=3, templates=templates))
    found = rank(compare(now, Past(clean, other), templates))
    assert found.candidates[0].entity == "cart"


def test_the_order_of_what_came_in_does_not_matter() -> None:
    trouble = Trouble("store", network=0.02, failing=0.2)
    found = evidence(trouble)
    mixed = [*found]
    random.Random(1).shuffle(mixed)
    assert rank(mixed, SERVICES) == rank(found, reversed(SERVICES))
    assert evidence(trouble) == found


def test_the_order_of_spans_does_not_matter() -> None:
    templates = Templates()
    past = Past([profile(served(40, seed=7, templates=templates))], [])
    spans, lines = shop(60, Trouble("cart", work=0.01, failing=0.3), seed=3)
    found = compare(profile(handled(spans, lines, templates)), past, templates)
    random.Random(2).shuffle(spans)
    mixed = compare(profile(handled(spans, lines, templates)), past, templates)
    assert rank(mixed) == rank(found)


def test_what_is_said_has_the_numbers() -> None:
    said = explain(ranked(Trouble("store", network=0.05)))
    assert said.startswith("The cause is most likely store (0.9")
    assert "of 60 calls from cart waited longer" in said
    assert "ms instead of 2.0 ms" in said
    said = explain(ranked(Trouble("price", failing=1.0)))
    assert "60 of 60 requests for /price left out steps" in said
    assert "wrote an error that they did not write before: ERROR no such thing" in said


def test_a_callee_is_blamed_when_all_its_callers_give_up() -> None:
    found = rank(ended([("web", ("stock",)), ("app", ("stock",))]))
    assert found.candidates[0].entity == "stock"
    web = next(each for each in found.candidates if each.entity == "web")
    assert "several callers end after a call to stock" in web.doubts[0].said


def test_a_caller_is_blamed_when_it_alone_gives_up() -> None:
    found = rank(ended([("web", ("stock",)), ("app", ("stock", "mail"))]))
    assert found.candidates[0].entity == "web"
    assert not found.candidates[0].doubts


def ended(now: Sequence[tuple[str, tuple[str, ...]]]) -> list[Evidence]:
    before = called([("web", ("stock", "bill")), ("app", ("stock", "mail"))])
    return compare(called(now), Past([before], []), Templates())


def called(each: Sequence[tuple[str, tuple[str, ...]]]) -> Profile:
    """Forty requests of each kind, by entity and what it called."""
    return profile(
        Handled(entity, "get", 0.0, 0.01, None, 0.0, (("span get", 1),), frozenset(), calls)
        for entity, calls in [*each] * 40
    )


def test_a_log_that_was_kept_on_one_side_only_is_no_evidence() -> None:
    templates = Templates()
    spans, lines = shop(60, seed=3)
    kept = profile(handled(spans, lines, templates))
    bare = profile(handled(shop(60, seed=5)[0], [], templates))
    assert rank(compare(bare, Past([kept], []), templates)).cause is None
    assert rank(compare(kept, Past([bare], []), templates)).cause is None


@pytest.mark.parametrize("hidden", SERVICES[1:])
def test_who_is_silent_is_named_and_not_who_asks(hidden: str) -> None:
    """Its spans and lines are missing, as when it is down, or not measured any more."""
    templates = Templates()
    before = [profile(served(40, seed=7 + at, templates=templates)) for at in range(3)]
    spans, lines = shop(60, Trouble(hidden, work=0.2), seed=3)
    left = [each for each in spans if each.entity != hidden]
    now = profile(handled(left, [each for each in lines if each.entity != hidden], templates))
    found = rank(compare(now, Past(before[:1], before[1:]), templates), SERVICES)
    assert found.candidates[0].entity == hidden
    assert "nothing is seen of" in explain(found)
    asking = {"cart": "web", "price": "web", "store": "cart"}[hidden]
    caller = next(each for each in found.candidates if each.entity == asking)
    assert caller.score < 0.2
    assert any("went where nothing is seen" in each.said for each in caller.doubts)
