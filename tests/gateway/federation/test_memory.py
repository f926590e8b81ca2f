"""All queries of a process share one memory: who finds none waits for others, or is refused."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import pytest

from contracts.refusals import Code, Refused
from gateway.federation.cache import Kept, Result
from gateway.federation.memory import Memory, NoMemory, Room
from tests.kit.runtime import until

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


async def _refused(waiting: Awaitable[object]) -> Code:
    with pytest.raises(Refused) as told:
        await waiting
    return told.value.code


def _query(memory: Memory, size: int, done: asyncio.Event) -> "asyncio.Task[str]":
    async def work() -> str:
        async with Room(memory) as room:
            for _ in range(size):
                await room.take(bytes=MIB)
            await done.wait()
        return "done"

    return asyncio.ensure_future(work())


async def test_a_query_may_not_take_more_than_its_own() -> None:
    memory = Memory(100 * MIB)
    async with Room(memory, bytes=3 * MIB, series=10) as room:
        await room.take(bytes=2 * MIB)
        assert await _refused(room.take(bytes=2 * MIB)) is Code.LIMIT_REACHED
        assert await _refused(room.take(series=11)) is Code.LIMIT_REACHED
        assert memory.taken == 2 * MIB
        room.put_back(2 * MIB)
        await room.take(bytes=3 * MIB, series=10)
        assert memory.taken == 3 * MIB
    assert memory.taken == 0


async def test_who_finds_no_room_waits_until_another_is_done() -> None:
    memory, done = Memory(8 * MIB, patience=30), asyncio.Event()
    first = _query(memory, 6, done)
    await until(lambda: memory.taken == 6 * MIB)
    second = _query(memory, 6, done)
    await until(lambda: memory.taken == 8 * MIB)
    assert not second.done()
    done.set()
    assert [await first, await second] == ["done", "done"]
    assert memory.taken == 0


async def test_a_new_query_that_finds_no_room_in_time_is_refused_before_it_asks() -> None:
    memory, done = Memory(4 * MIB, patience=0.05), asyncio.Event()
    full = _query(memory, 4, done)
    await until(lambda: memory.taken == 4 * MIB)
    assert await _refused(_query(memory, 0, done)) is Code.OVERLOADED
    assert memory.taken == 4 * MIB
    done.set()
    assert await full == "done"
    assert await _query(memory, 4, done) == "done"


async def test_of_those_who_wait_for_each_other_the_last_gives_way() -> None:
    """Twenty whose answers would fill it each: all are answered or refused, and never stuck."""
    memory, done = Memory(8 * MIB, patience=30), asyncio.Event()
    done.set()
    queries = [_query(memory, 8, done) for _ in range(20)]
    outcomes = await asyncio.gather(*queries, return_exceptions=True)
    assert outcomes.count("done") >= 1
    assert all(each == "done" or isinstance(each, NoMemory) for each in outcomes)
    assert memory.taken == 0


async def test_one_that_needs_more_than_there_is_does_not_wait_for_itself() -> None:
    memory, done = Memory(2 * MIB, patience=30), asyncio.Event()
    assert await _refused(_query(memory, 3, done)) is Code.OVERLOADED
    assert memory.taken == 0


async def test_who_goes_away_while_waiting_leaves_nothing_behind() -> None:
    memory, done = Memory(4 * MIB, patience=30), asyncio.Event()
    full = _query(memory, 4, done)
    await until(lambda: memory.taken == 4 * MIB)
    gone, stays = _query(memory, 4, done), _query(memory, 1, done)
    await asyncio.sleep(0)
    gone.cancel()
    done.set()
    assert [await full, await stays] == ["done", "done"]
    assert gone.cancelled()
    assert memory.taken == 0


async def test_an_answer_counts_once_while_it_is_sent() -> None:
    memory, done = Memory(4 * MIB, patience=0.05), asyncio.Event()
    kept = Kept((Result("SUCCESS", UUID(int=1), data=(b" " * 4 * MIB,)),), (), 1)
    with memory.while_sent(kept):
        with memory.while_sent(kept):
            assert memory.taken == kept.size
        assert memory.taken == kept.size
        assert await _refused(_query(memory, 0, done)) is Code.OVERLOADED
    assert memory.taken == 0
