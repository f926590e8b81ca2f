"""Questions on the bus: answered by one of many, in parts, within a deadline, as fast as taken."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar

import pytest

from contracts.envelope import Query
from contracts.refusals import Code, Refused, TryLater
from services.runtime.answering import Answering
from services.runtime.asking import Answer, Asker, Place, Unanswered
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.replies import Asked
from services.runtime.settings import Settings
from tests.kit.runtime import UNTRACED, running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

HERE = Place("hub", "edge-1")


class CountSheep(Query):
    """A question."""

    upto: int = 1


class WatchSheep(Query):
    """A question whose answer does not end."""

    lasting: ClassVar[bool] = True


Act = Callable[[CountSheep, Asked], Awaitable[Mapping[str, Any]]]


@asynccontextmanager
async def answering(
    act: Act, bus: Bus, log: EventLog, settings: Settings, *, site: str = "hub"
) -> AsyncGenerator[None]:
    """A worker of a site for the time of a block."""
    worker = Answering(
        site, "test", {CountSheep: act}, bus, log, settings, UNTRACED, NOTHING_OUTSIDE
    )
    async with running(worker.run):
        await bus.client.flush()
        yield


async def _whole(answer: Answer) -> bytes:
    return b"".join([part async for part in answer])


async def test_an_answer_comes_whole_and_in_order(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    async def count(query: CountSheep, asked: Asked) -> Mapping[str, Any]:
        assert asked.cluster == "edge-1"
        assert 0 < asked.seconds <= 5
        for number in range(query.upto):
            await asked.send(b"%06d" % number * 50_000)
        return {"counted": query.upto}

    async with answering(count, bus, log, bus_settings):
        async with Asker(bus).ask(HERE, CountSheep(upto=7), seconds=5) as answer:
            body = await _whole(answer)
        assert body == b"".join(b"%06d" % number * 50_000 for number in range(7))
        assert answer.trailer == {"counted": 7}


async def test_who_does_not_take_the_parts_holds_up_the_sender(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    sent = 0

    async def pour(_: CountSheep, asked: Asked) -> Mapping[str, Any]:
        nonlocal sent
        for number in range(100):
            await asked.send(b"x" * 262_144)
            sent = number + 1
        return {}

    async with (
        answering(pour, bus, log, bus_settings),
        Asker(bus).ask(HERE, CountSheep(), seconds=10) as answer,
    ):
        parts = aiter(answer)
        await anext(parts)
        await asyncio.sleep(0.2)
        assert sent <= 4
        taken = 1
        async for _ in parts:
            taken += 1
        assert taken == 100


async def test_a_refusal_and_a_bug_are_told_as_such(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    async def refuse(query: CountSheep, _: Asked) -> Mapping[str, Any]:
        match query.upto:
            case 1:
                raise Refused(Code.LIMIT_REACHED, "too many sheep", {"most": 3})
            case 2:
                raise TryLater("the sheep are asleep")
            case _:
                raise RuntimeError("secret-of-the-sheep")

    async with answering(refuse, bus, log, bus_settings):
        for upto, code, text in (
            (1, Code.LIMIT_REACHED, "too many sheep"),
            (2, Code.OVERLOADED, "asleep"),
            (3, Code.INTERNAL_ERROR, "log says why"),
        ):
            with pytest.raises(Refused, match=text) as told:
                async with Asker(bus).ask(HERE, CountSheep(upto=upto), seconds=5) as answer:
                    await _whole(answer)
            assert told.value.code is code
            assert "secret" not in told.value.message


async def test_a_question_that_is_not_valid_is_refused(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    async def never(_: CountSheep, __: Asked) -> Mapping[str, Any]:
        raise AssertionError

    async with answering(never, bus, log, bus_settings):
        heard: list[bytes] = []
        inbox = bus.inbox(lambda message: heard.append(message.data))
        await bus.emit("qry.hub.edge-1.count_sheep", b'{"upto": "many"}', reply=inbox)
        await until(lambda: heard)
        assert b"VALIDATION_FAILED" in heard[0]


async def test_nobody_who_reaches_the_cluster_is_told_at_once(bus: Bus) -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(Unanswered) as told:
        async with Asker(bus).ask(Place("ship-7", "x"), CountSheep(), seconds=60) as answer:
            await _whole(answer)
    assert told.value.code is Code.CLUSTER_UNREACHABLE
    assert asyncio.get_running_loop().time() - began < 30, "long before the deadline"


async def test_the_deadline_ends_both_sides(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    ended = asyncio.Event()

    async def hang(_: CountSheep, __: Asked) -> Mapping[str, Any]:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return {}

    async with answering(hang, bus, log, bus_settings):
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unanswered) as told:
            async with Asker(bus).ask(HERE, CountSheep(), seconds=2) as answer:
                await _whole(answer)
        assert told.value.code is Code.QUERY_TIMEOUT
        assert 1.9 < asyncio.get_running_loop().time() - began < 30
        async with asyncio.timeout(20):
            await ended.wait()


async def test_an_asker_who_leaves_ends_the_work(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    ended = asyncio.Event()

    async def pour(_: CountSheep, asked: Asked) -> Mapping[str, Any]:
        try:
            while True:
                await asked.send(b"x" * 1000)
        finally:
            ended.set()

    async with answering(pour, bus, log, bus_settings):
        async with Asker(bus).ask(HERE, CountSheep(), seconds=30) as answer:
            await anext(aiter(answer))
        async with asyncio.timeout(20):
            await ended.wait()
        assert ended.is_set()


async def test_one_of_several_workers_answers(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    seen: list[int] = []

    def worker(number: int) -> Act:
        async def note(_: CountSheep, __: Asked) -> Mapping[str, Any]:
            seen.append(number)
            return {}

        return note

    async with (
        answering(worker(1), bus, log, bus_settings),
        answering(worker(2), bus, log, bus_settings),
    ):
        for _ in range(40):
            async with Asker(bus).ask(HERE, CountSheep(), seconds=5) as answer:
                await _whole(answer)
    assert len(seen) == 40
    assert set(seen) == {1, 2}


async def _told(bus: Bus, query: Query) -> str:
    try:
        async with Asker(bus).ask(HERE, query, seconds=20) as answer:
            await _whole(answer)
    except Refused as refused:
        return refused.code.name
    return "answered"


async def test_what_cannot_be_worked_on_at_once_waits_and_too_much_is_refused(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    go = asyncio.Event()
    working = most = 0

    async def wait(_: CountSheep, __: Asked) -> Mapping[str, Any]:
        nonlocal working, most
        working += 1
        most = max(most, working)
        await go.wait()
        working -= 1
        return {}

    async with answering(wait, bus, log, bus_settings):
        asks = [asyncio.ensure_future(_told(bus, CountSheep())) for _ in range(512 + 4096 + 3)]
        await until(lambda: sum(each.done() for each in asks) == 3)
        go.set()
        told = await asyncio.gather(*asks)
    assert (told.count("OVERLOADED"), told.count("answered")) == (3, 512 + 4096)
    assert most == 512


async def test_answers_that_last_leave_room_for_the_others(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    async def watch(_: WatchSheep, asked: Asked) -> Mapping[str, Any]:
        while True:
            await asked.send(b"baa")

    async def count(_: CountSheep, __: Asked) -> Mapping[str, Any]:
        return {}

    worker = Answering(
        "hub", "test", {CountSheep: count, WatchSheep: watch}, bus, log, bus_settings, UNTRACED,
        NOTHING_OUTSIDE,
    )  # fmt: skip
    async with running(worker.run), AsyncExitStack() as watching:
        await bus.client.flush()
        for _ in range(512):
            asked = Asker(bus).ask(HERE, WatchSheep(), seconds=20)
            await anext(aiter(await watching.enter_async_context(asked)))
        assert await _told(bus, WatchSheep()) == "OVERLOADED"
        assert await _told(bus, CountSheep()) == "answered"
