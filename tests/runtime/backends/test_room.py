"""Room for bodies: bounded, in order, given back whatever happens."""

import asyncio

import pytest

from contracts.refusals import Code, Refused
from services.runtime.backends.room import Room
from tests.kit.runtime import until

pytestmark = pytest.mark.anyio
MB = 1024 * 1024


def soon(seconds: float = 5.0) -> float:
    """So many seconds from now, in the loop's time."""
    return asyncio.get_running_loop().time() + seconds


async def test_room_is_taken_as_a_body_grows_and_given_back_at_the_end() -> None:
    room = Room(10 * MB)
    with room.share(8 * MB, soon()) as share:
        assert room.taken == 0
        await share.grow(10)
        assert 10 <= room.taken <= MB
        await share.grow(3 * MB)
        assert 3 * MB <= room.taken <= 8 * MB
        await share.grow(8 * MB)
        assert room.taken == 8 * MB
    assert room.taken == 0


async def test_who_gets_no_room_in_time_is_refused_and_leaves_nothing_behind() -> None:
    room = Room(4 * MB)
    with room.share(4 * MB, soon()) as first, room.share(4 * MB, soon(0.05)) as second:
        await first.grow(4 * MB)
        with pytest.raises(Refused, match="no memory left") as told:
            await second.grow(1)
        assert told.value.code is Code.OVERLOADED
    assert room.taken == 0
    with room.share(4 * MB, soon()) as third:
        await third.grow(4 * MB)


async def test_who_waits_goes_on_when_another_has_sent_its_answer() -> None:
    room = Room(4 * MB)
    grown: list[int] = []

    async def one(number: int) -> None:
        with room.share(4 * MB, soon()) as share:
            await share.grow(3 * MB)
            grown.append(number)
            assert room.taken <= 4 * MB
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))
    assert grown == list(range(20))
    assert room.taken == 0


async def test_an_asker_who_leaves_while_waiting_holds_up_nobody() -> None:
    room = Room(4 * MB)

    async def wait(size: int) -> None:
        with room.share(4 * MB, soon()) as share:
            await share.grow(size)

    with room.share(4 * MB, soon()) as share:
        await share.grow(3 * MB)
        large = asyncio.ensure_future(wait(4 * MB))
        await asyncio.sleep(0)
        small = asyncio.ensure_future(wait(1))
        await asyncio.sleep(0)
        assert not small.done()
        large.cancel()
        await until(small.done)
    assert room.taken == 0


async def test_many_bodies_at_once_stay_within_the_bound() -> None:
    room = Room(16 * MB)
    most = 0

    async def one() -> None:
        nonlocal most
        with room.share(8 * MB, soon(10)) as share:
            for size in range(MB, 9 * MB, MB):
                await share.grow(size)
                most = max(most, room.taken)
                await asyncio.sleep(0)

    ended = await asyncio.gather(*(one() for _ in range(6)), return_exceptions=True)
    assert most <= 16 * MB
    assert room.taken == 0
    assert None in ended
