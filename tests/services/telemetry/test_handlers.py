"""Questions over the bus to a collector: answers whole, circuits, and room for what is in work."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest

from contracts.clusters import Checked
from contracts.envelope import Query, Recorded
from contracts.refusals import Code, Refused
from contracts.telemetry import (
    BackendCircuitClosed,
    BackendCircuitOpened,
    CheckBackends,
    Described,
    DescribeLogs,
    DescribeMetrics,
    DescribeTraces,
    ExpireSilence,
    FindRelated,
    GetTrace,
    PutSilence,
    QueryLogs,
    QueryMetrics,
    ReadAlerts,
    ReadSilences,
    SearchTraces,
    TailLogs,
    circuit_key,
)
from deploy.platform import load_services
from services.runtime.answering import Answering
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.backends import backend, circuits
from services.runtime.backends.breaker import FAILURES, REST, TRIALS
from services.runtime.backends.room import Room
from services.runtime.vault.logins import Login
from services.telemetry.handlers import service
from tests.kit import builders
from tests.kit.runtime import UNTRACED, eventually, running, until
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import Collector, prometheus, sample, vector

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]
UP = QueryMetrics(query="up")
GOOD = answer(vector(sample()))
BAD = answer(b"", "503 Service Unavailable")


class Switched:
    """A Prometheus whose answer can be changed."""

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.asked = 0

    async def talk(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        writer.write(self.reply)
        await writer.drain()


@asynccontextmanager
async def answering(collector: Collector) -> AsyncGenerator[Asker]:
    """A collector's worker, and somebody who asks it."""
    worker = Answering(
        "hub",
        "test",
        service.queries,
        collector.log.bus,
        collector.log,
        collector.settings,
        UNTRACED,
        collector.outside,
    )
    async with running(worker.run):
        await collector.log.bus.client.flush()
        yield Asker(collector.log.bus)


Json = dict[str, Any]


async def ask(asker: Asker, cluster: UUID, query: Query, seconds: float = 10) -> tuple[bytes, Json]:
    """The whole answer, and what is said of it."""
    async with asker.ask(Place("hub", str(cluster)), query, seconds=seconds) as told:
        body = b"".join([part async for part in told])
    return body, told.trailer


async def refusal(asker: Asker, cluster: UUID, query: Query = UP) -> Refused:
    """Why there is none."""
    with pytest.raises(Refused) as told:
        await ask(asker, cluster, query)
    return told.value


async def events(collector: Collector, cluster: UUID) -> Sequence[Recorded]:
    """What the log says of its Prometheus' circuit, oldest first."""
    found = await collector.log.load(circuit_key(cluster, Checked.PROMETHEUS))
    return sorted(found, key=lambda each: each.sequence)


def test_every_question_about_telemetry_has_an_answer() -> None:
    (running_service,) = load_services(["telemetry"])
    assert set(running_service.queries) == {
        QueryMetrics,
        DescribeMetrics,
        QueryLogs,
        DescribeLogs,
        TailLogs,
        SearchTraces,
        GetTrace,
        DescribeTraces,
        ReadAlerts,
        ReadSilences,
        PutSilence,
        ExpireSilence,
        CheckBackends,
        FindRelated,
    }


async def test_an_answer_comes_as_prometheus_gave_it(collector: Collector) -> None:
    odd = [sample("NaN"), sample("+Inf"), sample("-Inf"), sample("0x1p-2", pod="Ünï 🚀")]
    body = vector(*odd, warnings=["a store\nis away"], infos=["no _total"])
    async with prometheus(says(answer(body))) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        data, told = await ask(asker, cluster, UP)
    assert data in body
    assert msgspec.json.decode(data) == odd
    assert told["kind"] == "vector"
    assert told["count"] == 4
    assert told["warnings"] == ["a store is away"]
    assert told["infos"] == ["no _total"]
    assert told["took_ms"] > 0


async def test_a_large_answer_comes_whole(collector: Collector) -> None:
    body = vector(*(sample(pod=f"pod-{number}") for number in range(20_000)))
    async with prometheus(says(answer(body))) as asking, answering(collector) as asker:
        data, told = await ask(asker, await collector.cluster(asking.origin.url()), UP)
    assert told["count"] == 20_000
    assert data in body
    assert msgspec.json.decode(data) == msgspec.json.decode(body)["data"]["result"]


async def test_a_tenant_a_login_and_a_path_before_the_api_are_used(collector: Collector) -> None:
    async with prometheus(says(GOOD)) as asking, answering(collector) as asker:
        cluster = await collector.cluster(f"{asking.origin.url()}/tenants/a/")
        login = Login(asking.origin.url(), username="ada", password="pw", tenant="team-1")
        await collector.login(cluster, Checked.PROMETHEUS, login)
        await ask(asker, cluster, UP)
    assert asking.origin.heads[0].startswith("POST /tenants/a/api/v1/query HTTP/1.1")
    assert asking.origin.header("authorization") == "Basic YWRhOnB3"
    assert asking.origin.header("x-scope-orgid") == "team-1"
    assert "dedup=true&partial_response=true" in asking.forms[0]


@pytest.mark.parametrize(
    "query",
    [
        QueryLogs(query='{a="b"}', start=builders.at(), end=builders.at(1)),
        DescribeLogs(what=Described.LABELS),
        TailLogs(query='{a="b"}'),
        SearchTraces(),
        GetTrace(trace_id="a"),
        DescribeTraces(attribute="name"),
    ],
)
async def test_a_cluster_at_the_far_edge_is_asked_for_metrics_only(
    collector: Collector, query: Query
) -> None:
    async with prometheus(says(GOOD)) as asking, answering(collector) as asker:
        url = asking.origin.url()
        cluster = await collector.cluster(url, kind="FAR_EDGE", loki_url=url, tempo_url=url)
        told = await refusal(asker, cluster, query)
        assert (told.code, asking.forms) == (Code.CLUSTER_UNREACHABLE, [])
        assert "FAR_EDGE cluster has metrics only" in told.message
        assert (await ask(asker, cluster, UP))[1]["count"] == 1


async def test_a_null_of_go_is_an_empty_list(collector: Collector) -> None:
    body = b'{"status":"success","data":null}'
    async with prometheus(says(answer(body))) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        for what, empty in ((Described.LABELS, b"[]"), (Described.METADATA, b"{}")):
            data, told = await ask(asker, cluster, DescribeMetrics(what=what))
            assert data == empty
            assert told["count"] == 0


async def test_five_failures_open_the_circuit_and_three_successes_close_it(
    collector: Collector,
) -> None:
    server = Switched(BAD)
    async with prometheus(server.talk) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        for _ in range(FAILURES):
            assert (await refusal(asker, cluster)).code is Code.UPSTREAM_FAILED
        assert server.asked == FAILURES
        told = await refusal(asker, cluster)
        assert told.code is Code.CLUSTER_UNREACHABLE
        assert "answered 503" in told.message
        assert "tried again in" in told.message
        assert 15 <= told.details["retry_after"] <= 30
        assert server.asked == FAILURES
        server.reply = GOOD
        collector.clock.ahead += REST
        for _ in range(TRIALS):
            assert isinstance((await events(collector, cluster))[-1].event, BackendCircuitOpened)
            assert (await ask(asker, cluster, UP))[1]["count"] == 1
        opened, closed = await events(collector, cluster)
        assert isinstance(opened.event, BackendCircuitOpened)
        assert opened.event.reason.startswith("Prometheus answered 503")
        assert isinstance(closed.event, BackendCircuitClosed)
        assert (await ask(asker, cluster, UP))[1]["count"] == 1


async def test_a_trial_that_fails_opens_it_again_and_that_is_not_told_twice(
    collector: Collector,
) -> None:
    server = Switched(BAD)
    async with prometheus(server.talk) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        for _ in range(FAILURES):
            await refusal(asker, cluster)
        collector.clock.ahead += REST
        assert (await refusal(asker, cluster)).code is Code.UPSTREAM_FAILED
        assert (await refusal(asker, cluster)).code is Code.CLUSTER_UNREACHABLE
        assert server.asked == FAILURES + 1
        assert len(await events(collector, cluster)) == 1


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"", "401 Unauthorized"),
        answer(b"slow down", "429 Too Many Requests"),
        answer(b'{"status":"error","errorType":"bad_data","error":"x"}', "400 Bad Request"),
        answer(b'{"status":"error","errorType":"timeout","error":"x"}', "503 Unavailable"),
    ],
)
async def test_what_is_about_the_question_or_the_asker_opens_nothing(
    reply: bytes, collector: Collector
) -> None:
    server = Switched(reply)
    async with prometheus(server.talk) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        for _ in range(FAILURES + 1):
            await refusal(asker, cluster)
        assert server.asked == FAILURES + 1
        assert not await events(collector, cluster)


async def test_answers_that_cannot_be_read_open_the_circuit_too(collector: Collector) -> None:
    server = Switched(answer(b'{"status":"success","data":{"resultTy'))
    async with prometheus(server.talk) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        for _ in range(FAILURES + 1):
            await refusal(asker, cluster)
        assert server.asked == FAILURES
        assert len(await events(collector, cluster)) == 1


async def test_a_timeout_of_a_moment_says_nothing_of_the_backend(collector: Collector) -> None:
    """Neither that it is well, nor that it is not."""
    server = Switched(BAD)
    async with prometheus(server.talk) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        for _ in range(FAILURES - 1):
            await refusal(asker, cluster)
        server.reply = b""
        for _ in range(FAILURES):
            assert (await collector.refusal(cluster, seconds=0.4)).code is Code.QUERY_TIMEOUT
        server.reply = BAD
        assert not await events(collector, cluster)
        await refusal(asker, cluster)
        collector.clock.ahead += REST
        server.reply = b""
        for _ in range(TRIALS + 1):
            assert (await collector.refusal(cluster, seconds=0.4)).code is Code.QUERY_TIMEOUT
        (opened,) = await events(collector, cluster)
        assert isinstance(opened.event, BackendCircuitOpened)


async def test_of_several_workers_one_tells(collector: Collector) -> None:
    cluster = await collector.cluster("http://127.0.0.1:1")
    opened = builders.circuit_opened(cluster_id=cluster)
    asked = collector.asked(cluster)
    told = await asyncio.gather(*(circuits.tell(opened, asked) for _ in range(8)))
    assert told.count(True) == 1
    closed = builders.circuit_closed(cluster_id=cluster)
    told = await asyncio.gather(*(circuits.tell(closed, asked) for _ in range(8)))
    assert told.count(True) == 1
    assert len(await events(collector, cluster)) == 2


async def test_an_opening_of_a_worker_that_is_gone_is_closed_by_whoever_has_an_answer(
    collector: Collector,
) -> None:
    async with prometheus(says(GOOD)) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        await circuits.tell(builders.circuit_opened(cluster_id=cluster), collector.asked(cluster))
        await ask(asker, cluster, UP)
        assert len(await events(collector, cluster)) == 1
        collector.clock.ahead += 2 * REST + 1
        await ask(asker, cluster, UP)
        assert isinstance((await events(collector, cluster))[-1].event, BackendCircuitClosed)


async def hang(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def test_who_hangs_is_left_alone_like_who_fails(collector: Collector) -> None:
    async with prometheus(hang) as asking:
        cluster = await collector.cluster(asking.origin.url())
        asks = (collector.refusal(cluster, seconds=6) for _ in range(FAILURES))
        told = await asyncio.gather(*asks)
        assert {each.code for each in told} == {Code.QUERY_TIMEOUT}
        assert (await collector.refusal(cluster)).code is Code.CLUSTER_UNREACHABLE
        assert len(asking.forms) == FAILURES
        assert len(await events(collector, cluster)) == 1


async def test_who_leaves_or_has_no_time_says_nothing_about_the_backend(
    collector: Collector,
) -> None:
    async with prometheus(hang) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())
        for _ in range(FAILURES):
            assert await code_soon(asker, cluster) is Code.QUERY_TIMEOUT
            before = len(asking.forms)  # With so little time a question may not get that far.
            leaving = asyncio.ensure_future(collector.query(cluster))
            await until(lambda before=before: len(asking.forms) > before)
            leaving.cancel()
        assert not await events(collector, cluster)
        assert await code_soon(asker, cluster) is Code.QUERY_TIMEOUT


async def code_soon(asker: Asker, cluster: UUID) -> Code:
    """Why there is no answer in next to no time, whoever says so first."""
    with pytest.raises((Refused, Unanswered)) as told:
        await ask(asker, cluster, UP, seconds=0.3)
    assert isinstance(told.value, Refused | Unanswered)
    return told.value.code


async def test_many_large_answers_at_once_stay_within_the_room_and_end(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = vector(*(sample(pod=f"pod-{number}") for number in range(30_000)))
    limit = 3 * len(body)
    room = Room(limit)
    monkeypatch.setattr(backend, "_room", room)
    async with prometheus(says(answer(body))) as asking, answering(collector) as asker:
        cluster = await collector.cluster(asking.origin.url())

        async def one() -> str:
            try:
                data, _ = await ask(asker, cluster, UP)
            except Refused as refused:
                return refused.code.name
            return "whole" if data in body else "broken"

        asks = [asyncio.ensure_future(one()) for _ in range(12)]
        most = 0
        while not all(each.done() for each in asks):
            most = max(most, room.taken)
            await asyncio.sleep(0.001)
        told = await asyncio.gather(*asks)
    assert set(told) <= {"whole", "OVERLOADED"}
    assert "whole" in told
    assert 0 < most <= limit

    async def empty() -> bool:
        return room.taken == 0

    assert await eventually(empty)
