"""What a process that starts has of the log for those who come back to it."""

from datetime import timedelta

import pytest

from services.runtime.frames import EVERYTHING
from services.runtime.log import EventLog
from services.runtime.tail import ResumeExpired
from tests.kit.runtime import running
from tests.runtime.test_tail import a_tail, fire, forget, of_days_ago, take_until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.mark.parametrize(("ring", "floor"), [(16, 24), (100, 0)])
async def test_the_newest_events_are_in_memory_from_the_start(
    log: EventLog, ring: int, floor: int
) -> None:
    await fire(log, 40)
    tail = a_tail(log, ring)
    async with running(tail.run):
        await tail.started()
        assert (tail.ring.floor, tail.ring.last, tail.beat) == (floor, 40, 40)
        made = tail.slice(EVERYTHING, floor, 40)
        assert [frame.sequence for frame in made.frames] == list(range(floor + 1, 41))
        cursor = await tail.cursor()
        await fire(log, 1, 40)
        assert await take_until(cursor, 41) == [41]


async def test_a_log_whose_last_events_have_aged_out_is_at_its_end(log: EventLog) -> None:
    await fire(log, 8)
    await forget(log, 7, 8)
    tail = a_tail(log)
    async with running(tail.run):
        await tail.started()
        assert (tail.ring.floor, tail.ring.last) == (0, 8)
        cursor = await tail.cursor()
        await fire(log, 1, 8)
        assert await take_until(cursor, 9) == [9]


async def test_what_had_aged_out_before_the_start_is_told(log: EventLog) -> None:
    log.facts_age = timedelta(days=1)
    await of_days_ago(log, 3, 3, 0.2, 0.1)
    await forget(log, 2)
    tail = a_tail(log)
    async with running(tail.run):
        await tail.started()
        assert tail.ring.floor == 0
        with pytest.raises(ResumeExpired) as expired:
            await tail.cursor(1)
        assert (expired.value.oldest, expired.value.last) == (3, 4)
        assert (await tail.cursor(2)).position == 2
