"""Metrics, logs and traces by tools: from the official client to a cluster's backends and back."""

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from mcp import Client

from contracts.tools import CHARACTERS_OF_TOKEN, MOST_TOKENS
from services.runtime.principals import Role
from tests.gateway.test_metrics_end_to_end import Asked, prometheus
from tests.kit.gateway import Json, Platform
from tests.kit.live_backends import Lines, Traced, loki, speaking, tempo
from tests.kit.mcp_client import called, connected, failed, followed

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

BEGIN = 1_767_225_600  # 2026-01-01T00:00:00Z
HOUR = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T01:00:00Z"}
ODD = ("NaN", "2", "+Inf", "-1", "-Inf", "5")
LINES, SPANS = 400, 120
TRACE = f"{7:032x}"


@dataclass(frozen=True)
class Backends:
    """What each of the clusters has."""

    grows: str
    """By 1 with each step, from 1.5 on."""
    odd: str
    """Not only of numbers."""
    void: str
    """NaN, and nothing else."""
    html: str
    """Answers with a page."""
    told: str
    """It has logs and traces."""
    asked: Asked
    """What the first one was asked."""


@pytest.fixture(scope="module")
async def backends(platform: Platform) -> AsyncGenerator[Backends]:
    async with AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(prometheus(value))
            for value in (1.5, ODD, ["NaN"], None)
        ]
        lines = [(BEGIN + number, f"line {number}") for number in range(LINES)]
        way = [("shop", "web"), ("shop", "cart")]
        found = Traced(TRACE, BEGIN + 60, way, fails_at=1, width=SPANS // 2)
        answers = {"loki_url": loki(Lines({"app": "a"}, lines)), "tempo_url": tempo(found)}
        told = {
            name: (await stack.enter_async_context(speaking(each))).url
            for name, each in answers.items()
        }
        endpoints = [*({"prometheus_url": url} for url, _ in made), told]
        ids = [(await platform.register(endpoints=each))["id"] for each in endpoints]
        yield Backends(*ids, asked=made[0][1])


@pytest.fixture
async def client(platform: Platform) -> AsyncGenerator[Client]:
    async with connected(platform, await platform.token(Role.VIEWER)) as client:
        yield client


async def _series(client: Client, cluster: str, **asked: Any) -> Json:
    """The only one of a query."""
    told = await called(client, "query_metrics", query="up", cluster_ids=[cluster], **asked)
    (found,) = told["data"]["series"]
    assert found["cluster_id"] == cluster
    assert found["metric"] == {"job": "a"}
    return found


async def test_of_now(client: Client, backends: Backends) -> None:
    found = await _series(client, backends.grows)
    assert [value for _, value in found["values"]] == ["1.5"]
    summary = {"points": 1, "first": 1.5, "last": 1.5, "min": 1.5, "max": 1.5, "mean": 1.5}
    assert found["summary"] == summary


async def test_of_a_time(client: Client, backends: Backends) -> None:
    backends.asked.clear()
    found = await _series(client, backends.grows, end_time="2026-01-01T00:00:00Z")
    assert found["values"] == [[BEGIN, "1.5"]]
    ((path, form),) = backends.asked
    assert path.endswith("/query")
    assert float(form["time"][0]) == BEGIN


async def test_over_a_range_with_its_numbers_and_its_shape(
    client: Client, backends: Backends
) -> None:
    asked = {"query": "up", "cluster_ids": [backends.grows], **HOUR}
    told = await called(client, "query_metrics", **asked)
    (found,) = told["data"]["series"]
    assert found["summary"] == {
        "points": 61, "first": 1.5, "last": 61.5, "min": 1.5, "max": 61.5, "mean": 31.5,
    }  # fmt: skip
    assert [at for at, _ in found["values"]] == [BEGIN + 180 * each for each in range(21)]
    assert [float(value) for _, value in found["values"]] == [1.5 + 3 * each for each in range(21)]
    assert told["cut"] == [{"path": "series[].values", "shown": 21, "of": 61, "unit": "points"}]


async def test_few_points_are_all_shown(client: Client, backends: Backends) -> None:
    told = await called(
        client, "query_metrics", query="up", cluster_ids=[backends.grows], step="10m", **HOUR
    )
    (found,) = told["data"]["series"]
    assert (len(found["values"]), told["cut"]) == (7, [])


async def test_what_is_no_number_is_counted_and_is_in_no_mean(
    client: Client, backends: Backends
) -> None:
    found = await _series(client, backends.odd, step="12m", **HOUR)
    assert [value for _, value in found["values"]] == list(ODD)
    assert found["summary"] == {
        "points": 6, "not_finite": 3, "first": 2, "last": 5, "min": -1, "max": 5, "mean": 2,
    }  # fmt: skip


@pytest.mark.parametrize("when", [{}, HOUR])
async def test_where_nothing_is_a_number_there_are_none(
    client: Client, backends: Backends, when: Json
) -> None:
    asked = {"query": "up", "cluster_ids": [backends.void], **when}
    result = await client.call_tool("query_metrics", asked)
    told = json.loads(result.content[0].text, parse_constant=_no_json)  # pyright: ignore
    (found,) = told["data"]["series"]
    assert found["summary"].keys() == {"points", "not_finite"}


def _no_json(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


async def test_who_has_not_answered_is_named(client: Client, backends: Backends) -> None:
    clusters = [backends.grows, backends.html]
    told = await called(client, "query_metrics", query="up", cluster_ids=clusters)
    assert [each["cluster_id"] for each in told["data"]["series"]] == [backends.grows]
    missing = [(each["cluster_id"], each["code"]) for each in told["data"]["missing"]]
    assert missing == [(backends.html, "UPSTREAM_FAILED")]


async def test_if_nobody_answers_it_is_an_error_that_says_so(
    client: Client, backends: Backends
) -> None:
    error = await failed(client, "query_metrics", query="up", cluster_ids=[backends.html])
    assert error["code"] == "UPSTREAM_FAILED"


@pytest.mark.parametrize("label", [{}, {"label_name": "job"}])
async def test_labels_and_values_of_one(client: Client, backends: Backends, label: Json) -> None:
    told = await called(client, "get_metric_labels", cluster_ids=[backends.grows], **label)
    assert told["data"]["data"] == ["job", "pod"]
    assert told["next"] is None


async def test_log_lines_page_by_page(client: Client, backends: Backends) -> None:
    asked = {"query": '{app="a"}', "cluster_ids": [backends.told], "limit": LINES, **HOUR}
    answers = await followed(client, "query_logs", **asked)
    found = [each["message"] for answer in answers for each in answer["data"]["entries"]]
    assert found == [f"line {number}" for number in reversed(range(LINES))]
    assert len(answers) > 1
    for answer in answers:
        text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        assert len(text) <= MOST_TOKENS * CHARACTERS_OF_TOKEN


async def test_traces_are_found_and_their_spans_are_told_page_by_page(
    client: Client, backends: Backends
) -> None:
    told = await called(client, "search_traces", cluster_ids=[backends.told], **HOUR)
    assert [each["trace_id"] for each in told["data"]["traces"]] == [TRACE]
    answers = await followed(client, "get_trace", trace_id=TRACE)
    spans = [each for answer in answers for each in answer["data"]["items"]]
    assert len({each["span_id"] for each in spans}) == len(spans) == SPANS
    assert {each["service_name"] for each in spans} == {"web", "cart"}
    began = datetime.fromtimestamp(BEGIN + 60, UTC).isoformat()
    assert spans[0]["start_time"].startswith(began[:19])
