"""Correlation run again in memory: with the same settings it comes to the same, to the last one."""

from typing import Any

import pytest

from contracts.replays import CorrelationChanges, DifferenceKind, ReplayResult
from tests.kit.incident_builders import rule
from tests.services.replays.hub import Hub, course, stormy

SEEDS = range(12)


def _result(fields: dict[str, Any]) -> ReplayResult:
    return ReplayResult.model_validate({"events": 1} | fields)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("start", "end"), [(0, 1_600), (150, 700), (421.5, 422)])
def test_unchanged_it_is_equal(seed: int, start: float, end: float) -> None:
    result = _result(course(stormy(seed), start, end).end())
    assert result.differences == ()
    assert (result.is_equal, result.told) == (True, result.again)
    assert (result.signals_told, result.signals_again) == (result.signals_told,) * 2
    assert result.seconds_to_tell == result.seconds_to_tell_again


def test_there_is_something_to_be_equal() -> None:
    """The hubs of these tests merge, split, re-open, and are disturbed by people."""
    kinds: set[str] = set()
    lost = 0
    for seed in SEEDS:
        hub = stormy(seed)
        kinds |= {type(one.event).__name__ for one in hub.records}
        lost += hub.lost
    assert lost > 0
    assert {
        "IncidentOpened", "IncidentUpdated", "IncidentMerged", "IncidentReopened",
        "IncidentResolved", "IncidentAcknowledged",
    } <= kinds  # fmt: skip


@pytest.fixture(scope="module")
def hub() -> Hub:
    return stormy(3)


def test_who_waits_longer_opens_later(hub: Hub) -> None:
    changes = CorrelationChanges(settle_seconds=120, settle_critical_seconds=120)
    result = _result(course(hub, 0, 1_600, changes).end())
    assert not result.is_equal
    assert result.seconds_to_tell is not None
    assert result.seconds_to_tell_again is not None
    assert result.seconds_to_tell_again > result.seconds_to_tell + 30


def test_who_ignores_everything_loses_it(hub: Hub) -> None:
    everything = rule(id="nothing-at-all", effect="IGNORED", names=("*",), where=(), equal=())
    result = _result(course(hub, 0, 1_600, CorrelationChanges(rules=(everything,))).end())
    assert (result.again, result.signals_again) == (0, 0)
    assert result.signals_lost == result.signals_told > 0
    assert {each.kind for each in result.differences} == {DifferenceKind.LOST}


def test_a_rule_that_joins_is_told_as_merged(hub: Hub) -> None:
    joined = rule(id="one-each", names=("*",), where=(), equal=("cluster",), within_seconds=3600)
    result = _result(course(hub, 0, 1_600, CorrelationChanges(rules=(joined,))).end())
    assert result.again < result.told
    assert result.signals_merged > 0


def test_it_is_about_the_clusters_that_were_asked_for(hub: Hub) -> None:
    clusters = {each for one in hub.records for each in one.event.of_clusters}
    one = min(clusters)
    every, some = (
        _result(course(hub, 0, 1_600, CorrelationChanges(quiet_seconds=60), **asked).end())
        for asked in ({}, {"cluster_ids": (one,)})
    )
    assert 0 < some.told < every.told
    assert all(one in each.cluster_ids for each in some.differences)
