"""A reader that passes some subjects over: it counts them, goes on behind them, loses no other."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from services.runtime.bus import Bus
from services.runtime.pull import Ordered, PullReader
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@asynccontextmanager
async def _reading(bus: Bus, batch: int = 1000) -> AsyncGenerator[PullReader]:
    """Reads everything but what is of others."""
    reader = PullReader(
        bus, Ordered("EVT"), batch=batch, skip=lambda subject: subject.startswith(b"evt.others.")
    )
    try:
        yield reader
    finally:
        await reader.close()


async def _publish(bus: Bus, whose: str) -> None:
    """One message a letter: ``m`` is to be read, ``o`` is of others."""
    for number, letter in enumerate(whose):
        subject = "evt.mine.x" if letter == "m" else "evt.others.x"
        await bus.publish(f"{subject}.{number}", letter.encode())


async def _take(reader: PullReader, count: int) -> list[int]:
    found: list[int] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            found += [each.sequence for each in await reader.take(1000, wait=0.1)]
    return found


async def test_what_is_left_comes_once_and_in_order(bus: Bus) -> None:
    await _publish(bus, "mmooom" * 40)
    # A request ends in the middle of what is passed over, many times.
    async with _reading(bus, batch=7) as reader:
        assert await _take(reader, 120) == [n + 1 for n in range(240) if n % 6 in {0, 1, 5}]
        assert (reader.position, reader.pending) == (241, 0)


async def test_the_position_moves_past_what_is_passed_over(bus: Bus) -> None:
    async with _reading(bus) as reader:
        await reader.open()
        await _publish(bus, "ooooo")
        await until(lambda: reader._skipped[0] == 5)
        assert await reader.take(10, wait=0) == []
        assert (reader.position, reader.pending) == (6, 0)
        await _publish(bus, "mo")
        await until(lambda: reader._skipped[0] == 7)
        assert [each.sequence for each in await reader.take(10, wait=20)] == [6]
        assert reader.position == 8


async def test_the_position_does_not_pass_what_was_not_taken(bus: Bus) -> None:
    async with _reading(bus) as reader:
        await reader.open()
        await _publish(bus, "mmmoo")
        await until(lambda: reader._skipped[0] == 5)
        assert len(await reader.take(2, wait=1)) == 2
        assert reader.position == 3
        assert len(await reader.take(2, wait=1)) == 1
        assert reader.position == 6


async def test_nothing_is_lost_when_the_consumer_is(bus: Bus) -> None:
    await _publish(bus, "moom")
    async with _reading(bus) as reader:
        assert await _take(reader, 2) == [1, 4]
        await _publish(bus, "oomo")
        (consumer,) = (await bus.api("CONSUMER.NAMES.EVT"))["consumers"]
        await bus.api(f"CONSUMER.DELETE.EVT.{consumer}")
        await _publish(bus, "omoo")
        assert await _take(reader, 2) == [7, 10]
        await until(lambda: reader._skipped[0] == 12)
        assert await reader.take(10, wait=0) == []
        assert reader.position == 13
