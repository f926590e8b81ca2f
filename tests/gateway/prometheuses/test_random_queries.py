"""Random queries over random data: the fleet says what its Prometheuses say one by one."""

from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from tests.gateway.prometheuses import oracle
from tests.gateway.prometheuses.asking import (
    Direct,
    Series,
    When,
    each_direct,
    examples,
    in_order,
    over_rest,
    times,
)
from tests.gateway.prometheuses.conftest import RandomFleet
from tests.kit.gateway import Json
from tests.kit.promql_strategies import queries, spoiled

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_ERRORS = {400: "INVALID_PROMQL", 422: "INVALID_PROMQL"}


def _results(answer: httpx.Response) -> list[Json]:
    """Of each cluster, whether it is an answer or the details of an error."""
    told: Json = answer.json()
    return told["error"]["details"]["results"] if "error" in told else told["results"]


def _agree(answer: httpx.Response, expected: dict[str, Direct]) -> None:
    """Every cluster's part of the answer is what its Prometheus says."""
    results = {each["cluster_name"]: each for each in _results(answer)}
    assert results.keys() == expected.keys()
    for name, told in expected.items():
        found = results[name]
        if told.good:
            assert found["status"] == "SUCCESS", found
            assert found["result_type"] == told.kind.upper()
            assert _are_equal(found["data"], told)
        else:
            assert found["code"] == _ERRORS[told.status], (found, told)
            assert found["data"] == []
    good = sum(each.good for each in expected.values())
    assert answer.status_code == (200 if good == len(expected) else 206 if good else 400)


def _are_equal(found: list[Series], told: Direct) -> bool:
    """To the letter, or as near as Prometheus is to itself: it adds up in any order."""
    if in_order(found) == in_order(told.series):
        return True
    return told.kind != "string" and oracle.near(oracle.points(found), oracle.points(told.series))


def _refused_at_once(answer: httpx.Response) -> bool:
    """The query was not sent: it is none."""
    return "position" in answer.json().get("error", {}).get("details", {})


@examples(120)
@given(query=queries(), when=times)
async def test_each_cluster_s_answer_is_that_of_its_prometheus(
    random_fleet: RandomFleet, query: str, when: When
) -> None:
    expected = await each_direct(random_fleet, when, query)
    answer = await over_rest(random_fleet, when, query)
    if _refused_at_once(answer):
        assert {(each.status, each.kind) for each in expected.values()} == {(400, "bad_data")}
    else:
        _agree(answer, dict(expected))


@examples(60)
@given(query=spoiled(), when=times)
async def test_what_is_refused_before_it_is_sent_is_what_prometheus_refuses(
    random_fleet: RandomFleet, query: str, when: When
) -> None:
    expected = await each_direct(random_fleet, when, query)
    answer = await over_rest(random_fleet, when, query)
    if _refused_at_once(answer):
        assert {(each.status, each.kind) for each in expected.values()} == {(400, "bad_data")}
    elif query.strip():
        _agree(answer, dict(expected))


@examples(120)
@given(query=queries(), when=times, how=st.sampled_from(["SUM", "AVG", "MAX", "MIN"]))
async def test_combined_is_what_the_single_answers_come_to(
    random_fleet: RandomFleet, query: str, when: When, how: str
) -> None:
    expected = await each_direct(random_fleet, when, query)
    answer = await over_rest(random_fleet, when, query, aggregation=how)
    good = [each for each in expected.values() if each.good]
    if not good or {each.kind for each in good} == {"string"}:
        assert answer.status_code in {400, 422}, answer.text
        return
    assert answer.status_code == (200 if len(good) == len(expected) else 206), answer.text
    whole, *failed = _results(answer)
    assert whole["result_type"] == good[0].kind.upper()
    found = oracle.points(whole["data"])
    assert oracle.near(found, oracle.combined(how, [each.series for each in good]))
    assert _missing(failed) == {name for name, each in expected.items() if not each.good}
    told = whole["data"]
    assert told == sorted(told, key=lambda each: sorted(each["metric"].items()))


def _missing(failed: list[dict[str, Any]]) -> set[str]:
    return {each["cluster_name"] for each in failed}
