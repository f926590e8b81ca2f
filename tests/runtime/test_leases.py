"""A lease has one holder at a time, who gives it back or loses it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest

from contracts.refusals import TryLater
from services.runtime import leases, streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.clock import SystemClock
from services.runtime.leases import Lease, Taken, lease
from tests.kit.leases import NAME, Frail, Work, free, process
from tests.kit.runtime import eventually, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

Act = Callable[[Bus], Awaitable[None]]


async def test_one_holds_it_and_others_are_told_to_come_again(bus: Bus) -> None:
    async with lease(bus, NAME) as mine:
        assert mine.held
        assert 10 < mine.left <= 13.5
        mine.require()
        with pytest.raises(Taken) as told:
            async with lease(bus, NAME):
                pass
        async with lease(bus, "credentials/edge-2"), lease(bus, "renewal/edge-1"):
            pass
    assert 0.5 <= told.value.delay <= 1.5
    assert not mine.held
    with pytest.raises(TryLater):
        mine.require()


async def test_a_clean_release_lets_the_next_one_in_at_once(bus: Bus) -> None:
    for _ in range(50):
        async with lease(bus, NAME):
            pass


@pytest.mark.parametrize("error", [ValueError("a bug"), TimeoutError("its own")])
async def test_an_error_of_the_block_passes_and_gives_it_back(bus: Bus, error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        async with lease(bus, NAME):
            raise error
    assert await free(bus)


async def test_a_block_that_is_cancelled_from_outside_gives_it_back(bus: Bus) -> None:
    task = await Work(bus).begin()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await free(bus)


async def test_who_waits_has_it_soon_after_the_release(bus: Bus) -> None:
    first, second = Work(bus, seconds=60), Work(bus, wait=30)
    holding = await first.begin()
    waiting = asyncio.create_task(second.run())
    await asyncio.sleep(0.5)
    assert second.mine is None
    first.stop.set()
    await holding
    await until(lambda: second.mine, within=20)  # Long before its time is over.
    second.stop.set()
    await waiting


async def test_who_waits_in_vain_is_told(bus: Bus) -> None:
    async with lease(bus, NAME, seconds=60):
        before = time.monotonic()
        with pytest.raises(Taken):
            async with lease(bus, NAME, wait=0.7):
                pass
        assert 0.7 <= time.monotonic() - before < 20


async def test_it_is_held_for_longer_than_its_time(bus: Bus) -> None:
    work = Work(bus, seconds=6)
    holding = await work.begin()
    while time.monotonic() - work.begun < 7:
        assert not await free(bus)
        assert work.mine is not None
        assert work.mine.held
        await asyncio.sleep(0.1)
    work.stop.set()
    await holding


async def test_a_holder_whose_lease_is_another_ones_is_stopped_at_its_next_renewal(
    bus: Bus,
) -> None:
    work = Work(bus, seconds=9)
    holding = await work.begin()
    await bus.api(f"STREAM.PURGE.{streams.LEASES}")  # As an operator might.
    async with lease(bus, NAME):
        with pytest.raises(TryLater, match="was lost"):
            await holding
    assert work.ended - work.begun < 8, "before its time is over"


async def _stands_still(bus: Bus) -> None:
    async with lease(bus, NAME, seconds=1) as mine:
        time.sleep(1.2)  # noqa: ASYNC251 - so does the renewal
        assert not mine.held


async def _will_not_be_stopped(bus: Bus) -> None:
    async with lease(bus, NAME, seconds=1):
        time.sleep(1.2)  # noqa: ASYNC251
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(5)


@pytest.mark.parametrize("act", [_stands_still, _will_not_be_stopped])
async def test_a_block_that_outlives_its_lease_is_no_success(bus: Bus, act: Act) -> None:
    with pytest.raises(TryLater, match="was lost"):
        await act(bus)


class Sleepy(SystemClock):
    """Of a machine that has slept: its monotonic clock stood still."""

    slept = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.slept


async def _sleep(bus: Bus, clock: Sleepy) -> None:
    async with lease(bus, NAME, clock=clock) as mine:
        clock.slept = timedelta(minutes=5)
        assert mine.left > 5
        assert not mine.held


async def test_a_machine_that_slept_does_not_go_by_its_old_lease(bus: Bus) -> None:
    with pytest.raises(TryLater, match="was lost"):
        await _sleep(bus, Sleepy())


@dataclass
class Watch:
    """Sees everybody who goes by the lease; one who crashed counts as long as it could have."""

    seen: list[Lease] = field(default_factory=list[Lease])
    acts: list[str] = field(default_factory=list[str])

    def look(self) -> None:
        assert sum(mine.held for mine in self.seen) <= 1

    async def turn(self, bus: Frail, act: str, length: float) -> None:
        async with lease(bus, NAME, seconds=1, wait=60) as mine:
            self.seen.append(mine)
            self.acts.append(act)
            end = time.monotonic() + length
            while time.monotonic() < end:
                self.look()
                await asyncio.sleep(0.005)
            await self._end(bus, act, mine)

    async def _end(self, bus: Frail, act: str, mine: Lease) -> None:
        if act == "pause":
            bus.hangs = True
            await asyncio.sleep(10)
        if act == "crash":
            bus.cut = True
            crashed = Lease(mine.name, mine.clock)
            crashed.begin(mine.clock.monotonic(), mine.clock.now(), mine.left)
            self.seen.append(crashed)


@pytest.mark.parametrize("seed", [1, 2])
async def test_there_are_never_two_holders(bus: Bus, seed: int) -> None:
    random, watch = Random(seed), Watch()
    acts = [*["release"] * 12, *["crash"] * 2, *["pause"] * 2]
    random.shuffle(acts)

    async def contend(mine: list[str], lengths: Random) -> None:
        for act in mine:
            frail = await process(bus)
            frail.lost = lengths.choice([0, 0, 1])
            with suppress(TryLater, BusUnavailable):
                await watch.turn(frail, act, lengths.random() * 0.8)

    parts = [acts[start::4] for start in range(4)]
    await asyncio.gather(*(contend(part, Random(random.random())) for part in parts))
    watch.look()
    assert {"release", "crash", "pause"} == set(watch.acts)


async def test_any_outside_name_may_be_leased(bus: Bus) -> None:
    async with lease(bus, "node/node.1/*>"):
        stored = await bus.get(streams.LEASES, {"last_by_subj": "lease.>"})
    assert stored is not None
    assert stored.subject == leases.subject("node/node.1/*>") == "lease.node.node=2E1=2F=2A=3E"


@pytest.mark.parametrize(("name", "seconds"), [("edge-1", 15.0), ("a.b/edge-1", 15.0), (NAME, 0.5)])
async def test_a_lease_without_a_kind_or_shorter_than_a_second_is_a_mistake(
    bus: Bus, name: str, seconds: float
) -> None:
    with pytest.raises(ValueError, match="a lease"):
        async with lease(bus, name, seconds=seconds):
            pass


async def test_what_was_given_back_ages_out(bus: Bus) -> None:
    async with lease(bus, NAME):
        pass

    async def gone() -> bool:
        return await bus.get(streams.LEASES, {"last_by_subj": leases.subject(NAME)}) is None

    await eventually(gone)
