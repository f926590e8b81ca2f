"""A cluster of another site is asked by a worker of that site, and by nobody else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest

from contracts.telemetry import QueryMetrics
from services.runtime.asking import Asker, Place, Unanswered
from tests.gateway.test_metrics_end_to_end import prometheus
from tests.kit import builders
from tests.kit.gateway import API, Part, Platform, refused, registration
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

SITE = "ship-7"


@asynccontextmanager
async def working_at_sea(platform: Platform, cluster: str) -> AsyncGenerator[None]:
    """The other site's workers, once they answer questions about this cluster."""
    worker = Part(platform.settings.model_copy(update={"site": SITE}), "workers")
    await worker.start()
    try:
        await eventually(lambda: _answered(platform, cluster))
        yield
    finally:
        await worker.stop()


async def _answered(platform: Platform, cluster: str) -> bool:
    asker, query = Asker(platform.gate.runtime.bus), QueryMetrics(query="up", time=builders.at())
    try:
        async with asker.ask(Place(SITE, cluster), query, seconds=5) as told:
            return bool([part async for part in told])
    except Unanswered:
        return False


async def _ask(platform: Platform, cluster: str) -> httpx.Response:
    wanted = {"query": "up", "cluster_ids": [cluster]}
    return await platform.http.post(f"{API}/metrics/query", json=wanted)


def _unreachable(answer: httpx.Response, cluster: str) -> None:
    (missing,) = refused(answer, "UPSTREAM_FAILED")["details"]["missing"]
    assert (missing["code"], missing["cluster_id"]) == ("CLUSTER_UNREACHABLE", cluster)
    assert "no collector is running that reaches this cluster" in missing["reason"]


async def test_only_a_worker_of_its_site_asks_a_cluster(platform: Platform) -> None:
    async with prometheus(7) as (url, asked):
        cluster = (await platform.register(endpoints={"prometheus_url": url}, site=SITE))["id"]
        _unreachable(await _ask(platform, cluster), cluster)
        assert asked == [], "the hub's own workers leave it alone"
        async with working_at_sea(platform, cluster):
            told = (await _ask(platform, cluster)).json()
        assert told["results"][0]["data"][0]["values"][0][1] == "7"


async def test_a_worker_of_another_site_leaves_the_hubs_clusters_alone(platform: Platform) -> None:
    async with prometheus(7) as (url, asked):
        cluster = (await platform.register(endpoints={"prometheus_url": url}))["id"]
        await platform.workers.stop()
        try:
            async with working_at_sea(platform, cluster):
                before = len(asked)
                _unreachable(await _ask(platform, cluster), cluster)
                assert len(asked) == before
        finally:
            await platform.workers.start()


@pytest.mark.parametrize("site", ["", "-", "Ship", "a.b", "a b", "*", ">", "x" * 32, None, 7])
async def test_a_site_that_is_no_name_is_refused(platform: Platform, site: object) -> None:
    answer = await platform.http.post(f"{API}/clusters", json=registration() | {"site": site})
    refused(answer, "VALIDATION_FAILED")


async def test_a_cluster_without_a_site_is_the_hubs(platform: Platform) -> None:
    found = await platform.register(watched=True)
    assert found["site"] == "hub"
    shown = (await platform.list("/clusters", name=found["name"]))["items"]
    assert [each["site"] for each in shown] == ["hub"]
