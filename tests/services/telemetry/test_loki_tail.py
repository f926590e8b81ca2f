"""Following log lines: over TLS from a simulated Loki, across cuts, and from ill ones."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import Budget, QueryLogs, TailLogs
from deploy.simulator.cluster import Part
from deploy.simulator.faults import Fault, FaultKind
from services.runtime.asking import Answer
from services.telemetry import loki_tail
from services.telemetry.handlers_logs import query_logs, tail_logs
from services.telemetry.seen import OVERLAP, Seen
from tests.kit.runtime import until
from tests.services.telemetry.collecting import Collector
from tests.services.telemetry.simulated_backends import (
    FAULTY,
    Asks,
    Routes,
    answering,
    behind,
    ill,
    simulated,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ROUTES: Routes = {TailLogs: tail_logs, QueryLogs: query_logs}
ALL = '{namespace=~".+"}'
Json = dict[str, Any]
Line = tuple[int, str, str]


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the simulator writes its lines by this clock


def tail(seconds: float = 30, **more: object) -> TailLogs:
    told = {"query": ALL, "start": now() - timedelta(seconds=seconds), "limit": 5_000}
    return TailLogs.model_validate(told | more)


def lines(streams: list[Json]) -> list[Line]:
    return [
        (int(at), each["stream"]["pod"], text) for each in streams for at, text in each["values"]
    ]


def objects(answer: Answer) -> AsyncIterator[Json]:
    """Every part by itself is JSON."""

    async def read() -> AsyncIterator[Json]:
        async for part in answer:
            yield json.loads(part)

    return read()


async def heard(parts: AsyncIterator[Json], enough: Callable[[list[Line]], bool]) -> list[Line]:
    """All lines until there are enough."""
    found: list[Line] = []
    async with asyncio.timeout(20):
        while not enough(found):
            found += lines((await anext(parts))["streams"])
    return found


async def written(asks: Asks, first: int, last: int) -> list[Line]:
    """What a query says was written in this time, in nanoseconds, both ends included."""
    start = datetime.fromtimestamp(first / 1e9, UTC) - timedelta(seconds=1)
    end = datetime.fromtimestamp(last / 1e9, UTC) + timedelta(seconds=1)
    query = QueryLogs(query=ALL, start=start, end=end, limit=5_000)
    streams, _ = await asks.whole(query)
    return sorted(each for each in lines(streams) if first <= each[0] <= last)


async def refusal(asks: Asks, query: TailLogs, seconds: float = 10) -> Refused:
    with pytest.raises(Refused) as told:
        await to_the_end(asks, query, seconds)
    return told.value


async def to_the_end(asks: Asks, query: TailLogs, seconds: float) -> list[Line]:
    async with asks.asker.ask(asks.place, query, seconds=seconds) as answer:
        return [line async for each in objects(answer) for line in lines(each["streams"])]


@asynccontextmanager
async def loki(
    collector: Collector, talk: Callable[[ServerConnection], Any]
) -> AsyncGenerator[Asks]:
    """A cluster whose Loki opens a WebSocket and then does this."""
    async with serve(talk, "127.0.0.1", 0) as server, answering(collector, ROUTES) as asker:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        cluster_id = await collector.cluster("https://nowhere.test", loki_url=url)
        yield Asks(asker, cluster_id)


def message(*texts: str, at: int = 1) -> str:
    values = [[str(at + number), text] for number, text in enumerate(texts)]
    return json.dumps({"streams": [{"stream": {"pod": "a"}, "values": values}]})


async def test_a_tail_tells_every_line_once_from_the_past_on(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        began = now().timestamp() * 1e9
        async with asks.asker.ask(asks.place, tail(), seconds=30) as answer:
            found = await heard(
                objects(answer), lambda found: len({at for at, *_ in found if at > began + 1e9}) > 3
            )
        times = [at for at, *_ in found]
        assert sorted(found) == await written(asks, min(times), max(times))
        assert min(times) < began


async def test_a_tail_that_is_cut_goes_on_without_a_gap(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        assert asks.simulated is not None
        # Each of the first three connections is cut after a message.
        asks.simulated.fail(Fault(FaultKind.RESET, times=3), Part.LOKI)
        began = now().timestamp() * 1e9
        async with asks.asker.ask(asks.place, tail(), seconds=30) as answer:
            found = await heard(
                objects(answer), lambda found: any(at > began + 4e9 for at, *_ in found)
            )
        times = [at for at, *_ in found]
        assert len(set(found)) == len(found)
        assert sorted(found) == await written(asks, min(times), max(times))


async def test_a_tail_ends_by_itself_in_time_and_says_how_it_was(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        async with asks.asker.ask(asks.place, tail(), seconds=6) as answer:
            parts = [part async for part in answer]
        assert answer.trailer["kind"] == "streams"
        assert answer.trailer["warnings"] == []
        sent = sum(len(lines(json.loads(part)["streams"])) for part in parts)
        assert answer.trailer["count"] == sent > 0


async def test_a_tail_without_listener_hangs_up(collector: Collector) -> None:
    ended, opened = asyncio.Event(), asyncio.Event()

    async def silent(socket: ServerConnection) -> None:
        opened.set()
        await socket.wait_closed()
        ended.set()

    async with loki(collector, silent) as asks:
        async with asks.asker.ask(asks.place, tail(), seconds=60) as answer:
            assert await anext(objects(answer)) == {"streams": []}
            await until(opened.is_set)
        await until(ended.is_set)


async def test_lines_before_a_start_are_not_asked_for(collector: Collector) -> None:
    paths: list[str] = []

    async def note(socket: ServerConnection) -> None:
        assert socket.request is not None
        paths.append(socket.request.path)
        await socket.send(message("one", at=int(1.7e18)))
        if len(paths) == 2:
            await socket.wait_closed()

    async with loki(collector, note) as asks:
        query = tail(limit=7)
        async with asks.asker.ask(asks.place, query, seconds=30) as answer:
            await heard(objects(answer), lambda found: len(found) == 1)
            await until(lambda: len(paths) == 2)
    assert query.start is not None
    asked = str(int(query.start.timestamp() * 1e6))
    assert f"start={asked}" in paths[0]
    assert "limit=7&" in paths[0]
    assert f"start={int(1.7e18) - OVERLAP}" in paths[1]


@pytest.mark.parametrize(
    ("query", "code"),
    [("{", Code.INVALID_LOGQL), ('rate({a="b"}[1m])', Code.INVALID_LOGQL)],
)
async def test_a_query_that_makes_no_sense_is_refused_at_once(
    collector: Collector, query: str, code: Code
) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        assert (await refusal(asks, tail(query=query))).code is code


async def test_a_wrong_token_opens_no_tail(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI, token="not-this-one") as asks:
        refused = await refusal(asks, tail())
    assert refused.code is Code.CREDENTIALS_INVALID
    assert "not-this-one" not in refused.message


@pytest.mark.parametrize("how", sorted(FAULTY.keys() - {"huge"}))
async def test_an_ill_loki_opens_no_tail(collector: Collector, how: str) -> None:
    async with behind(collector, ROUTES, Checked.LOKI, ill(how)) as (asks, _):
        refused = await refusal(asks, tail())
    # What is wrong inside of a body is of no interest where there should be a WebSocket.
    expected = {"broken off": {Code.UPSTREAM_FAILED, Code.CLUSTER_UNREACHABLE}}
    assert refused.code in expected.get(how, {FAULTY[how][1]}), refused.message


async def test_an_address_that_is_never_connected_to_opens_no_tail(collector: Collector) -> None:
    async with answering(collector, ROUTES) as asker:
        url = "http://169.254.169.254:3100"
        cluster_id = await collector.cluster("https://nowhere.test", loki_url=url)
        refused = await refusal(Asks(asker, cluster_id), tail())
    assert refused.code is Code.CLUSTER_UNREACHABLE
    assert "never connected to" in refused.message


@pytest.mark.parametrize(
    "body",
    ["{", '{"streams":[{"stream":{},"values":[["x","y"]]}]}', '{"streams":[{"values":[]}]}', "[]"],
)
async def test_rubbish_ends_a_tail_of_which_nothing_good_has_come(
    collector: Collector, body: str
) -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send(body)
        await socket.wait_closed()

    async with loki(collector, talk) as asks:
        assert (await refusal(asks, tail())).code is Code.UPSTREAM_FAILED


async def test_a_message_over_the_budget_is_refused(collector: Collector) -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send(message("x" * 5_000))
        await socket.wait_closed()

    async with loki(collector, talk) as asks:
        refused = await refusal(asks, tail(budget=Budget(bytes=4_096)))
    assert refused.code is Code.LIMIT_REACHED


async def test_a_large_message_comes_in_several_objects(collector: Collector) -> None:
    texts = [f"{number}-" + "ä" * 50_000 for number in range(20)] + ["y" * 500_000]

    async def talk(socket: ServerConnection) -> None:
        await socket.send(message(*texts))
        await socket.wait_closed()

    async with (
        loki(collector, talk) as asks,
        asks.asker.ask(asks.place, tail(), seconds=30) as answer,
    ):
        found = await heard(objects(answer), lambda found: len(found) == len(texts))
    assert [text for *_, text in found[:20]] == texts[:20]
    assert set(found[20][2]) == {"y"}


async def test_messages_that_come_together_or_in_pieces_are_all_told(collector: Collector) -> None:
    async def talk(socket: ServerConnection) -> None:
        for number in range(300):
            await socket.send(message(f"line {number}", at=number))
        whole = message("in pieces", at=1_000)
        await socket.send([whole[:9], whole[9:20], whole[20:]])
        await socket.wait_closed()

    async with (
        loki(collector, talk) as asks,
        asks.asker.ask(asks.place, tail(), seconds=30) as answer,
    ):
        found = await heard(objects(answer), lambda found: len(found) > 300)
    assert [text for *_, text in found] == [f"line {each}" for each in range(300)] + ["in pieces"]


async def test_what_loki_has_dropped_is_passed_on(collector: Collector) -> None:
    dropped = {"streams": [], "dropped_entries": [{"labels": {"a": "b"}, "timestamp": "1"}]}

    async def talk(socket: ServerConnection) -> None:
        await socket.send(json.dumps(dropped))
        await socket.wait_closed()

    async with (
        loki(collector, talk) as asks,
        asks.asker.ask(asks.place, tail(), seconds=30) as answer,
    ):
        parts = objects(answer)
        assert [await anext(parts), await anext(parts)] == [{"streams": []}, dropped]


async def test_more_tails_of_one_loki_than_there_are_connections_for_are_refused(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loki_tail, "_TOGETHER", 2)
    opened = 0

    async def silent(socket: ServerConnection) -> None:
        nonlocal opened
        opened += 1
        await socket.wait_closed()

    async with loki(collector, silent) as asks, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(asks.asker.ask(asks.place, tail(), seconds=30))
        await until(lambda: opened == 2)
        assert (await refusal(asks, tail())).code is Code.OVERLOADED


async def test_a_loki_that_is_away_for_too_long_ends_the_tail(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loki_tail, "_PATIENCE", 0.1)
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        assert asks.simulated is not None
        asks.simulated.fail(FaultKind.RESET, Part.LOKI)
        async with asks.asker.ask(asks.place, tail(), seconds=30) as answer:
            parts = objects(answer)
            await heard(parts, lambda found: len(found) > 0)
            asks.simulated.fail(Fault(FaultKind.STATUS, status=503), Part.LOKI)
            with pytest.raises(Refused) as told:
                _ = [each async for each in parts]
        assert told.value.code in {Code.UPSTREAM_FAILED, Code.CLUSTER_UNREACHABLE}


async def test_an_asker_who_takes_nothing_counts_as_gone(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loki_tail, "_UNTAKEN", 0.2)
    ended = asyncio.Event()

    async def talk(socket: ServerConnection) -> None:
        for number in range(9):
            await socket.send(message("one", at=number))
        await socket.wait_closed()
        ended.set()

    async with loki(collector, talk) as asks, asks.asker.ask(asks.place, tail(), seconds=60):
        await until(ended.is_set)


def test_lines_are_known_by_time_and_content() -> None:
    seen = Seen()
    assert seen.resume == 0
    assert seen.fresh(10**18, "a")
    assert not seen.fresh(10**18, "a")
    assert seen.fresh(10**18, "b")
    assert seen.fresh(10**18 - 5, "a")
    assert seen.resume == 10**18 - OVERLAP
