"""From a browser's socket to the Lokis of several clusters and back, through the real collector."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from deploy.simulator.cluster import Part
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from gateway.rest.documented_logs import LogsAnswer
from services.telemetry import loki_tail
from tests.gateway.live.tailing import Served, TailClient, serving_tails
from tests.kit.gateway import API, Json, Platform
from tests.kit.simulated import with_credentials

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ALL = '{namespace=~".+"}'
Line = tuple[str, str, str]
"""Cluster, time, pod and text."""


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    async with simulating(Fleet.make(12, seed=7), Options(bad_tls=False)) as running:
        yield running


@pytest.fixture(scope="module")
async def clusters(platform: Platform, fleet: Running) -> list[tuple[RunningCluster, str]]:
    """Two clusters with a Loki, registered with their credentials."""
    having = [each for each in fleet.clusters.values() if each.backend_token(Part.LOKI)][:2]
    made: list[tuple[RunningCluster, str]] = []
    for each in having:
        registered = await with_credentials(platform, fleet, each, name=f"tailed-{len(made)}")
        made.append((each, registered["id"]))
    assert len(made) == 2
    return made


@pytest.fixture
async def served(platform: Platform) -> AsyncGenerator[Served]:
    async with serving_tails(platform) as running:
        yield running


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the simulator writes its lines by this clock


def told(entries: list[Json]) -> list[Line]:
    return [
        (each["cluster_id"], each["timestamp"], f"{each['stream']['pod']} {each['message']}")
        for each in entries
    ]


async def written(platform: Platform, ids: list[str], first: str, last: str) -> list[Line]:
    """What REST says was written from one time to the other, both included."""
    start = datetime.fromisoformat(first) - timedelta(seconds=1)
    end = datetime.fromisoformat(last) + timedelta(seconds=1)
    body = {
        "query": ALL,
        "cluster_ids": ids,
        "start_time": start.isoformat(),
        "end_time": end.isoformat(),
        "limit": 5_000,
    }
    answer = await platform.http.post(f"{API}/logs/query", json=body)
    assert answer.status_code == 200, answer.text
    assert LogsAnswer.model_validate(answer.json()).missing == []
    return [each for each in told(answer.json()["entries"]) if first <= each[1] <= last]


async def until(client: TailClient, enough: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not enough():
            await client.next()


def later(client: TailClient, moment: datetime, cluster: str) -> Callable[[], bool]:
    """A line of this cluster that was written after this moment has come."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return lambda: any(
        each["cluster_id"] == cluster and each["timestamp"] > text for each in client.entries
    )


async def settled(platform: Platform, client: TailClient, ids: list[str]) -> None:
    """Everything that was written up to the newest line of the slower cluster has come, once."""
    lines = told(client.entries)
    newest = [max(line[1] for line in lines if line[0] == cluster) for cluster in ids]
    # The simulator looks for new lines ten times a second, cluster by cluster.
    last = min(newest)
    first = min(line[1] for line in lines)
    expected = await written(platform, ids, first, last)
    found = [line for line in lines if line[1] <= last]
    assert Counter(found) == Counter(expected)
    punctual = [each["timestamp"] for each in client.entries if not each.get("late")]
    assert all(a <= b for a, b in pairwise(punctual))


async def test_lines_of_two_clusters_come_once_and_in_order(
    platform: Platform, served: Served, clusters: list[tuple[RunningCluster, str]]
) -> None:
    ids = [cluster for _, cluster in clusters]
    began = now()
    async with served.client() as client:
        since = (began - timedelta(seconds=10)).isoformat()
        await client.tail(ALL, cluster_ids=ids, since=since, limit=5_000)
        for cluster in ids:
            await until(client, later(client, began + timedelta(seconds=2), cluster))
        await settled(platform, client, ids)
        assert {each["cluster_id"] for each in client.entries} == set(ids)


async def test_a_loki_that_goes_and_comes_back_loses_and_doubles_nothing(
    platform: Platform,
    served: Served,
    clusters: list[tuple[RunningCluster, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loki_tail, "_PATIENCE", 0.1)
    (ill, lost), (_, well) = clusters
    # The connection is cut after a message; from then on there is none.
    ill.fail(Fault(FaultKind.RESET), Part.LOKI)
    async with served.client() as client:
        since = (now() - timedelta(seconds=5)).isoformat()
        await client.tail(ALL, cluster_ids=[lost, well], since=since, limit=5_000)
        await until(client, lambda: any(each["cluster_id"] == lost for each in client.entries))
        ill.fail(Fault(FaultKind.STATUS, status=500), Part.LOKI)
        status = await client.until_status("LOST", lost)
        assert status["code"] in {"UPSTREAM_FAILED", "CLUSTER_UNREACHABLE"}
        assert status["reason"]
        away = now()
        await until(client, later(client, away, well))
        ill.fail(FaultKind.NONE, Part.LOKI)
        await client.until_status("FOLLOWING", lost)
        back = now()
        for cluster in (lost, well):
            await until(client, later(client, back, cluster))
        await settled(platform, client, [lost, well])
        assert not any(each["cluster_id"] == well for each in client.statuses[2:])


@pytest.mark.parametrize("query", ["{", 'rate({namespace="a"}[1m])'])
async def test_what_is_no_log_query_is_refused_with_its_reason(
    served: Served, clusters: list[tuple[RunningCluster, str]], query: str
) -> None:
    ids = [cluster for _, cluster in clusters]
    async with served.client() as client:
        await client.tail(query, cluster_ids=ids)
        error = await client.find("error")
        assert error["code"] == "INVALID_LOGQL"
        assert len(error["message"]) > 10
        assert {each["code"] for each in client.statuses} == {"INVALID_LOGQL"}
