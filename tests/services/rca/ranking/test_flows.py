"""Extra time and failures along calls."""

from math import nan

import pytest

from services.rca.ranking import Flow, Measure, explain, flows, graph, rank

CALLS = graph(
    [
        ("web", "calls", "cart"),
        ("web", "calls", "price"),
        ("cart", "calls", "store"),
        ("price", "calls", "store"),
        ("other", "calls", "elsewhere"),
    ]
)
BEFORE = [0.1, 0.1, 0.1]


def flow(now: list[float], requests: float = 10.0, usual: float = 0.1) -> Flow:
    return Flow([usual] * 5, [usual], now, [requests] * len(now), known=True)


def first(found: dict[str, Flow], measure: Measure = "latency") -> str:
    return rank(flows("web", measure, found, CALLS), found).candidates[0].entity


def test_who_adds_the_time_is_blamed_and_not_who_waits_for_it() -> None:
    found = {
        "web": flow([0.1, 0.5, 0.6]),
        "cart": flow([0.1, 0.5, 0.6]),
        "store": flow([0.1, 0.5, 0.6]),
        "price": flow(BEFORE),
    }
    ranking = rank(flows("web", "latency", found, CALLS), found)
    assert ranking.candidates[0].entity == "store"
    doubts = {each.entity: each.doubts for each in ranking.candidates}
    assert "come from what it calls" in doubts["cart"][0].said
    assert "100% of those at the alarm are its own" in explain(ranking)


def test_time_that_no_callee_adds_is_its_own() -> None:
    found = {"web": flow([0.1, 0.5, 0.6]), "cart": flow(BEFORE), "store": flow(BEFORE)}
    assert first(found) == "web"
    assert first(found | {"cart": flow([0.1, 0.5, 0.6])}) == "cart"


def test_it_counts_in_all_and_not_per_request() -> None:
    """A callee that is asked rarely adds little, however slow it is."""
    found = {
        "web": flow([0.1, 0.5, 0.5]),
        "cart": flow([0.1, 0.5, 0.5]),
        "price": flow([0.1, 2.0, 2.0], requests=0.5),
    }
    assert first(found) == "cart"


def test_failures_count_in_points() -> None:
    found = {
        "web": flow([1.0, 0.8, 0.8], usual=1.0),
        "cart": flow([1.0, 0.6, 0.6], requests=5.0, usual=1.0),
        "price": flow([1.0, 0.98, 0.98], requests=5.0, usual=1.0),
    }
    assert first(found, "availability") == "cart"


def test_what_was_so_before_the_alarm_is_no_evidence() -> None:
    found = {
        "web": flow([0.1, 0.5, 0.5]),
        "cart": flow([0.1, 0.5, 0.5]),
        "price": Flow([0.1] * 5, [3.0], [3.0, 3.0, 3.0], [10.0] * 3, known=True),
    }
    assert first(found) == "cart"


def test_a_callee_that_is_new_speaks_against_its_caller() -> None:
    found = {
        "web": flow([1.0, 0.5, 0.5], usual=1.0),
        "cart": flow([1.0, 0.5, 0.5], usual=1.0),
        "store": Flow([], [nan], [nan, 0.0, 0.0], [0.0, 5.0, 5.0], known=False),
    }
    ranking = rank(flows("web", "availability", found, CALLS), found)
    assert ranking.candidates[0].entity == "cart"
    store = next(each for each in ranking.candidates if each.entity == "store")
    assert store.score == 0
    assert "change of its caller" in store.doubts[0].said


@pytest.mark.parametrize("now", [BEFORE, [nan, nan, nan], []])
def test_an_alarm_that_cannot_be_seen_has_no_known_cause(now: list[float]) -> None:
    found = {"web": flow(now), "cart": flow([0.5] * len(now))}
    assert rank(flows("web", "latency", found, CALLS), found).cause is None
    assert not list(flows("missing", "latency", found, CALLS))


def test_who_is_not_called_is_not_looked_at() -> None:
    found = {"web": flow([0.1, 0.5, 0.5]), "elsewhere": flow([0.1, 9.0, 9.0])}
    assert first(found) == "web"
