"""A cluster that does not answer is named in the warnings; when none answers, the door says so."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.gateway.ecosystem.conftest import NOON, TwoClusters
from tests.kit.backends import Backend, backend
from tests.kit.gateway import API, Platform
from tests.kit.prometheus import door, register

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@asynccontextmanager
async def _third(platform: Platform) -> AsyncGenerator[Backend]:
    """A third cluster, whose Prometheus is ill as the test wants it."""
    async with backend() as ill:
        cluster = await register(platform, "door-3", ill.url)
        try:
            yield ill
        finally:
            await platform.http.delete(f"{API}/clusters/{cluster}")
            await platform.settle()


async def _query(platform: Platform, query: str, **more: str) -> tuple[int, dict[str, Any]]:
    async with door(platform) as client:
        answer = await client.post("/query", data={"query": query, "time": str(NOON), **more})
    return answer.status_code, answer.json()


async def test_who_is_missing_is_told_and_why(two_clusters: TwoClusters) -> None:
    async with _third(two_clusters.platform) as ill:
        ill.status = 503
        status, told = await _query(two_clusters.platform, "sum(up)")
        assert (status, told["data"]["result"]) == (200, [{"metric": {}, "value": [NOON, "4"]}])
        (warning,) = told["warnings"]
        assert "door-3 is missing" in warning
        assert "503" in warning
        status, told = await _query(two_clusters.platform, 'up{cluster!="door-3"}')
        assert status == 200
        assert "warnings" not in told, "who is not asked is not missing"


async def test_when_nobody_answers_it_is_unavailable(two_clusters: TwoClusters) -> None:
    async with _third(two_clusters.platform) as ill:
        ill.status = 503
        status, told = await _query(two_clusters.platform, 'up{cluster="door-3"}')
        assert (status, told["status"], told["errorType"]) == (503, "error", "unavailable")
        assert "door-3" in told["error"]


async def test_when_all_are_late_it_is_a_timeout(two_clusters: TwoClusters) -> None:
    async with _third(two_clusters.platform) as ill:
        ill.hangs = True
        status, told = await _query(two_clusters.platform, 'up{cluster="door-3"}', timeout="300ms")
        assert (status, told["errorType"]) == (503, "timeout")
        status, told = await _query(two_clusters.platform, "sum(up)", timeout="1s")
        assert status == 200
        assert "door-3 is missing" in told["warnings"][0]


async def test_an_answer_that_is_none_is_missing_too(two_clusters: TwoClusters) -> None:
    async with _third(two_clusters.platform):
        status, told = await _query(two_clusters.platform, "count(up)")
        assert (status, len(told["data"]["result"])) == (200, 1)
        assert "door-3 is missing" in told["warnings"][0]


async def test_a_query_that_fails_in_every_cluster_is_an_execution_error(
    two_clusters: TwoClusters,
) -> None:
    status, told = await _query(two_clusters.platform, "up * on () up")
    assert status == 422, told
    assert told["errorType"] == "execution"
    assert "door-1" in told["error"]
