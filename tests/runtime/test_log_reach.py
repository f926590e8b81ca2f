"""How far the log was at a moment."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.context import log_time
from services.runtime.log import EventLog, Reach
from tests.kit import builders
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

TICK = timedelta(microseconds=1)


async def _taken(log: EventLog, count: int) -> list[datetime]:
    """Append events one after the other; gives their log times."""
    times: list[datetime] = []
    for number in range(count):
        appended = await store(log, builders.name_taken(name=f"n-{number}"))
        stored = await log.at(appended.sequence)
        assert stored is not None
        times.append(log_time(stored.time))
    return times


async def test_an_event_belongs_to_its_own_log_time_and_to_no_earlier_one(log: EventLog) -> None:
    for number, time in enumerate(await _taken(log, 5), start=1):
        assert await log.reach(time) == Reach(number, certain=True)
        assert await log.reach(time - TICK) == Reach(number - 1, certain=True)


async def test_before_the_first_event_and_in_an_empty_log_there_is_nothing(log: EventLog) -> None:
    assert await log.reach(SystemClock().now()) == Reach(0, certain=True)
    (first,) = await _taken(log, 1)
    assert await log.reach(first - timedelta(days=20_000)) == Reach(0, certain=True)


async def test_this_very_moment_is_answered_once_and_for_all(log: EventLog) -> None:
    """Whatever is appended meanwhile, and however close to the moment."""
    asked: list[tuple[datetime, Reach]] = []
    stopping = asyncio.Event()

    async def ask() -> None:
        clock = SystemClock()
        while not stopping.is_set():
            moment = clock.now()
            asked.append((moment, await log.reach(moment)))

    asking = [asyncio.create_task(ask()) for _ in range(4)]
    times = await _taken(log, 300)
    stopping.set()
    await asyncio.gather(*asking)
    assert len(asked) > 4
    for moment, reach in asked:
        assert reach == Reach(sum(time <= moment for time in times), certain=True)


async def test_a_moment_that_is_about_to_come_is_waited_for(log: EventLog) -> None:
    moment = SystemClock().now() + timedelta(seconds=0.2)
    waiting = asyncio.create_task(log.reach(moment))
    (time,) = await _taken(log, 1)
    assert await waiting == Reach(int(time <= moment), certain=True)
    assert SystemClock().now() > moment


@pytest.mark.parametrize(("gone", "expected"), [((2, 3), 3), ((5,), 5), ((1, 2), 2)])
async def test_where_events_have_aged_out_it_is_not_certain(
    bus: Bus, log: EventLog, gone: Sequence[int], expected: int
) -> None:
    times = await _taken(log, 5)
    for sequence in gone:
        await bus.api(f"STREAM.MSG.DELETE.{streams.EVENTS}", {"seq": sequence})
    for sequence in gone:
        assert await log.reach(times[sequence - 1]) == Reach(expected, certain=False)
