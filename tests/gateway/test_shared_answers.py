"""Answers of clusters are kept, shared by replicas and by those who ask at the same time."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from contracts.telemetry import (
    DescribeLogs,
    DescribeMetrics,
    DescribeTraces,
    GetTrace,
    QueryLogs,
    QueryMetrics,
    SearchTraces,
)
from deploy.platform import load_services
from gateway.app import build
from gateway.federation.memory import Memory, Room
from gateway.federation.sharing import Process
from gateway.middleware import Front
from gateway.process import open_gate
from services.runtime import process, streams
from services.runtime.metrics import REGISTRY
from services.runtime.principals import Role
from tests.gateway.collecting import FakeCollector, collecting, unreachable
from tests.gateway.replies import NOW, reply
from tests.kit.gateway import API, Platform, refused
from tests.kit.runtime import eventually, running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ALL = (
    QueryMetrics, DescribeMetrics, QueryLogs, DescribeLogs, SearchTraces, GetTrace, DescribeTraces,
)  # fmt: skip
DOOR = "/prometheus/api/v1"
HOUR = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T01:00:00Z"}
ENDPOINTS = {
    f"{name}_url": f"https://{name}.example.invalid" for name in ("prometheus", "loki", "tempo")
}
NAMES = iter(f"shared-{number}" for number in itertools.count(1))


@dataclass(frozen=True)
class Case:
    """A request, and what clusters' answers to it are called."""

    method: str
    path: str
    kind: str = ""
    body: dict[str, Any] | None = None
    params: dict[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix(API)}"


def _get(path: str, kind: str = "", **params: Any) -> Case:
    return Case("GET", path, kind, None, params)


def _post(path: str, kind: str = "", **body: Any) -> Case:
    return Case("POST", path, kind, body)


TRACE = _get(f"{API}/traces/a1")
RANGE = _post(f"{API}/metrics/query_range", "matrix", query="up", **HOUR)
CASES = [
    _post(f"{API}/metrics/query", "vector", query="up"),
    RANGE,
    _get(f"{API}/metrics/labels"),
    _post(f"{API}/logs/query", "streams", query='{app="a"}'),
    _post(f"{API}/logs/query_range", "streams", query='{app="a"}', **HOUR),
    _get(f"{API}/logs/labels"),
    _get(f"{API}/logs/label/app/values", start_time=HOUR["start_time"]),
    _post(f"{API}/traces/search"),
    _get(f"{API}/traces/services"),
    _get(f"{API}/traces/operations", service_name="web"),
    _get(f"{API}/traces/service-map"),
    TRACE,
    _get(f"{API}/traces/a1/spans"),
    _get(f"{DOOR}/query", "vector", query="up"),
    _get(f"{DOOR}/query_range", "matrix", query="up", start=NOW, end=NOW + 60, step=15),
    _get(f"{DOOR}/series", **{"match[]": "up"}),
    _get(f"{DOOR}/labels"),
    _get(f"{DOOR}/label/job/values"),
    _get(f"{DOOR}/metadata"),
    _get(f"{DOOR}/rules"),
    _get(f"{DOOR}/alerts"),
]
EVERY = pytest.mark.parametrize("case", CASES, ids=str)
ONE_OF_EACH = pytest.mark.parametrize("case", [CASES[0], CASES[3], TRACE, CASES[13]], ids=str)


class Fleet:
    """Two clusters with all three backends, their collector, and two gateways."""

    def __init__(self, platform: Platform, collector: FakeCollector, ids: list[str]) -> None:
        self.platform, self.collector, self.ids = platform, collector, ids
        self.http = platform.http

    async def changed(self) -> None:
        """One of the clusters is another from now on, so that nothing is known of it."""
        body = {"display_name": next(NAMES)}
        answer = await self.http.patch(f"{API}/clusters/{self.ids[0]}", json=body)
        assert answer.status_code == 200, answer.text

    def says(self, case: Case, *replies: Any) -> None:
        """What the clusters say; without anything that they are well."""
        told: tuple[Any, ...] = replies or (reply, reply)
        self.collector.says(kind=case.kind, **dict(zip(self.ids, told, strict=True)))

    async def ask(
        self, case: Case, http: httpx.AsyncClient | None = None, *, fresh: bool = False
    ) -> tuple[str, Any]:
        """Where the answer is from, and the answer without what may differ each time."""
        told = await self.send(case, http, fresh=fresh)
        assert told.status_code in {200, 206}, told.text
        body = told.json()
        body.pop("total_query_time_ms", None)
        for each in body.get("results", ()):
            each.pop("cached", None)
        return told.headers["x-cache"], body

    async def send(
        self, case: Case, http: httpx.AsyncClient | None = None, *, fresh: bool = False
    ) -> httpx.Response:
        """Ask as the admin, unless by another client."""
        headers = {"cache-control": "no-cache"} if fresh else {}
        return await (http or self.http).request(
            case.method, case.path, params=case.params, json=case.body, headers=headers
        )

    @property
    def asked(self) -> int:
        """How often a cluster was asked for anything."""
        return len(self.collector.asked)


@pytest.fixture(scope="module")
async def shared(platform: Platform) -> AsyncGenerator[Fleet]:
    ids = [(await platform.register(endpoints=ENDPOINTS))["id"] for _ in range(2)]
    async with AsyncExitStack() as stack:
        collector = await stack.enter_async_context(collecting(platform, *ALL))
        # Of the workers only those who change clusters.
        runtime = await process.start("workers", platform.settings)
        stack.push_async_callback(runtime.close)
        for loop in process.assemble(runtime, [*load_services(("clusters",))], []):
            await stack.enter_async_context(running(loop))
        yield Fleet(platform, collector, ids)


@pytest.fixture(scope="module")
async def replica(platform: Platform) -> AsyncGenerator[httpx.AsyncClient]:
    """Another gateway on the same servers, that has kept nothing."""
    async with AsyncExitStack() as stack:
        gate = await open_gate(platform.settings)
        stack.push_async_callback(gate.runtime.close)
        stack.push_async_callback(gate.database.close)
        app: Any = Front(build(gate), gate)
        client = platform.client(platform.admin, transport=httpx.ASGITransport(app))
        yield await stack.enter_async_context(client)


@pytest.fixture(scope="module")
async def bare(platform: Platform) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that leaves the shape of errors alone, which the Prometheus door has its own of."""
    async with platform.client(platform.admin) as client:
        client.event_hooks = {}
        yield client


@pytest.fixture
async def fleet(shared: Fleet) -> Fleet:
    await shared.changed()
    return shared


async def _stored(platform: Platform) -> int:
    """The last that the shared cache has taken."""
    found = await platform.gate.runtime.bus.api(f"STREAM.INFO.{streams.QUERY_CACHE}")
    return int(found["state"]["last_seq"])


@EVERY
async def test_a_second_replica_gives_what_the_first_was_told(
    fleet: Fleet, replica: httpx.AsyncClient, case: Case
) -> None:
    fleet.says(case)
    before = await _stored(fleet.platform)
    mark, first = await fleet.ask(case)
    asked = fleet.asked
    assert (mark, asked >= 2) == ("MISS", True)

    async def kept() -> bool:
        return await _stored(fleet.platform) > before

    assert await eventually(kept)
    assert await fleet.ask(case, replica) == ("HIT", first)
    assert await fleet.ask(case) == ("HIT", first)
    assert fleet.asked == asked


@EVERY
async def test_who_wants_no_kept_answer_gets_a_new_one(fleet: Fleet, case: Case) -> None:
    fleet.says(case)
    await fleet.ask(case)
    asked = fleet.asked
    assert (await fleet.ask(case, fresh=True))[0] == "BYPASS"
    assert fleet.asked == 2 * asked
    assert (await fleet.ask(case))[0] == "HIT"


@EVERY
async def test_a_changed_cluster_is_asked_anew(fleet: Fleet, case: Case) -> None:
    fleet.says(case)
    assert [(await fleet.ask(case))[0] for _ in range(2)] == ["MISS", "HIT"]
    await fleet.changed()
    assert (await fleet.ask(case))[0] == "MISS"


@EVERY
async def test_what_a_faulty_cluster_had_a_part_in_is_not_kept(fleet: Fleet, case: Case) -> None:
    faults = [unreachable(), b"<html>", b'["truncated']
    # What is of a range is passed on as the collector has checked it.
    for fault in faults[:1] if case is RANGE else faults:
        fleet.says(case, reply, fault)
        assert (await fleet.ask(case))[0] == "MISS", fault
    fleet.says(case)
    assert [(await fleet.ask(case))[0] for _ in range(2)] == ["MISS", "HIT"]


@EVERY
async def test_what_a_backend_calls_partial_is_not_kept(fleet: Fleet, case: Case) -> None:
    replies: dict[str, Any] = dict.fromkeys(fleet.ids, reply)
    fleet.collector.says(kind=case.kind, warnings=("a store is away",), **replies)
    assert [(await fleet.ask(case))[0] for _ in range(2)] == ["MISS", "MISS"]


@EVERY
async def test_the_same_at_the_same_time_is_asked_once(fleet: Fleet, case: Case) -> None:
    fleet.says(case)
    await fleet.ask(case)
    once, go = fleet.asked, asyncio.Event()
    await fleet.changed()

    async def wait(query: Any) -> Any:
        await go.wait()
        return reply(query)

    fleet.says(case, wait, wait)
    flights = Process.of(fleet.platform.gate).flights
    asks = [asyncio.ensure_future(fleet.ask(case)) for _ in range(8)]
    await until(lambda: fleet.asked >= 2 and flights.waiting == 8)
    go.set()
    answers = await asyncio.gather(*asks)
    assert all(each == answers[0] for each in answers)
    assert fleet.asked == once


async def test_who_goes_away_takes_the_answer_from_nobody(fleet: Fleet) -> None:
    go = asyncio.Event()

    async def wait(query: Any) -> Any:
        await go.wait()
        return reply(query)

    flights = Process.of(fleet.platform.gate).flights
    fleet.says(TRACE, wait, wait)
    first, second = (asyncio.ensure_future(fleet.ask(TRACE)) for _ in range(2))
    await until(lambda: fleet.asked == 2 and flights.waiting == 2)
    first.cancel()
    await until(lambda: flights.waiting == 1)
    go.set()
    assert (await second)[0] == "MISS"
    assert (await fleet.ask(TRACE))[0] == "HIT"
    assert fleet.asked == 2


@EVERY
async def test_who_may_see_other_clusters_is_given_other_answers(fleet: Fleet, case: Case) -> None:
    fleet.says(case)
    _, everything = await fleet.ask(case)
    fleet.collector.asked.clear()
    token = await fleet.platform.token(Role.ADMIN, fleet.ids[0])
    async with fleet.platform.client(token) as http:
        mark, mine = await fleet.ask(case, http)
        assert mark == "MISS"
        assert {cluster for cluster, _ in fleet.collector.asked} == {fleet.ids[0]}
        assert await fleet.ask(case, http) == ("HIT", mine)
    assert await fleet.ask(case) == ("HIT", everything)


async def test_a_trace_that_nobody_has_yet_is_looked_for_again(fleet: Fleet) -> None:
    fleet.says(TRACE, b"{}", b"{}")
    refused(await fleet.send(TRACE), "NOT_FOUND")
    search = _post(f"{API}/traces/search", trace_id="a1")
    assert (await fleet.ask(search))[1]["traces"] == []
    fleet.says(TRACE)
    assert (await fleet.ask(TRACE))[0] == "MISS"


async def test_the_pages_of_a_trace_are_of_one_answer(fleet: Fleet) -> None:
    fleet.says(TRACE)
    pages = [_get(f"{API}/traces/A1/spans", page=page, page_size=1) for page in (1, 2, 3)]
    told = [await fleet.ask(page) for page in pages]
    assert [mark for mark, _ in told] == ["MISS", "HIT", "HIT"]
    assert [body["items"][0]["span_id"][-1] for _, body in told] == ["1", "2", "3"]
    assert (await fleet.ask(TRACE))[0] == "HIT"
    found = await fleet.ask(_post(f"{API}/traces/search", trace_id="a1"))
    assert (found[0], found[1]["traces"][0]["span_count"]) == ("HIT", 3)


@ONE_OF_EACH
async def test_without_memory_a_query_is_to_come_again(
    fleet: Fleet, bare: httpx.AsyncClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(most=100_000, patience=0.05)
    monkeypatch.setattr(Process.of(fleet.platform.gate), "memory", memory)
    fleet.says(case)
    async with Room(memory) as other:
        await other.take(bytes=100_000)
        answer = await fleet.send(case, bare)
        assert answer.status_code == 503, answer.text
        assert answer.headers["retry-after"] == "1"
        assert "memory" in answer.text
        assert fleet.asked == 0
    large = b"[" + b" " * 100_000 + b"]"
    fleet.says(case, large, large)
    assert (await fleet.send(case, bare)).status_code == 503
    assert memory.taken == 0
    fleet.says(case)
    assert (await fleet.ask(case))[0] == "MISS"
    assert memory.taken == 0


async def test_a_large_answer_leaves_nothing_behind_when_it_was_sent(fleet: Fleet) -> None:
    many = [{"metric": {"pod": f"{number:020}"}, "value": [NOW, "1"]} for number in range(20_000)]
    fleet.says(CASES[0], many, many)
    _, body = await fleet.ask(CASES[0])
    assert [each["data"][-1]["metric"]["pod"][-5:] for each in body["results"]] == ["19999"] * 2
    assert Process.of(fleet.platform.gate).memory.taken == 0


async def test_who_waits_for_memory_is_told_at_the_deadline(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(most=200_000, patience=60)
    monkeypatch.setattr(Process.of(fleet.platform.gate), "memory", memory)
    large = b"[" + b" " * 150_000 + b"]"
    case = _post(f"{API}/metrics/query", query="up", timeout=1)
    fleet.says(case, large, large)
    async with Room(memory) as other:
        await other.take(bytes=100_000)
        refused(await fleet.send(case), "QUERY_TIMEOUT")
        await other.take(bytes=100_000)
        refused(await fleet.send(case), "OVERLOADED")
    assert memory.taken == 0


@ONE_OF_EACH
async def test_what_is_kept_and_shared_is_counted(fleet: Fleet, case: Case) -> None:
    go = asyncio.Event()

    async def wait(query: Any) -> Any:
        await go.wait()
        return reply(query)

    flights = Process.of(fleet.platform.gate).flights
    fleet.says(case, wait, wait)
    before = _counted()
    asks = [asyncio.ensure_future(fleet.ask(case)) for _ in range(2)]
    await until(lambda: flights.waiting == 2)
    go.set()
    await asyncio.gather(*asks)
    await fleet.ask(case)
    await fleet.ask(case, fresh=True)
    after = _counted()
    grown = {key: count - before.get(key, 0) for key, count in after.items()}
    marks = {mark or "shared": count for (_, mark), count in grown.items() if count}
    assert marks == {"MISS": 2, "shared": 1, "HIT": 1, "BYPASS": 1}


def _counted() -> dict[tuple[str, str], float]:
    """The questions of each kind by the cache's mark, and without one those that were shared."""
    names = {"aiops_federated_queries_total", "aiops_federated_queries_shared_total"}
    return {
        (sample.labels["kind"], sample.labels.get("cache", "")): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name in names
    }
