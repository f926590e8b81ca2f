"""Leases while holders crash, acknowledgements are lost, or the bus is away."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path

import pytest
from pydantic import SecretStr

from contracts.refusals import TryLater
from services.runtime import bus as buses, streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.leases import lease
from services.runtime.settings import NatsSettings, Settings
from tests.kit.embedded import NatsServer, running_nats, start_nats
from tests.kit.leases import NAME, Frail, Work, crash, free, process
from tests.kit.runtime import eventually, until
from tests.kit.streams import wipe

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.fixture
async def frail(bus: Bus) -> Frail:
    """The holder's connection."""
    return await process(bus)


async def test_after_a_crash_the_next_one_has_it_when_its_time_is_over(
    bus: Bus, frail: Frail
) -> None:
    work = Work(frail, seconds=5)
    await crash(frail, await work.begin())
    assert not await free(bus)
    async with lease(bus, NAME, wait=30):
        assert time.monotonic() - work.begun > 4.9


@pytest.mark.parametrize("way", ["cut", "hangs"])
async def test_a_holder_that_cannot_renew_is_stopped_before_another_begins(
    bus: Bus, frail: Frail, way: str
) -> None:
    first, second = Work(frail, seconds=2), Work(bus, wait=30)
    holding = await first.begin()
    waiting = asyncio.create_task(second.run())
    setattr(frail, way, True)
    with pytest.raises(TryLater, match="was lost"):
        await holding
    await until(lambda: second.mine)
    second.stop.set()
    await waiting
    assert first.ended < second.begun


async def test_a_lost_acknowledgement_of_a_renewal_loses_no_lease(bus: Bus, frail: Frail) -> None:
    work = Work(frail, seconds=6)
    holding = await work.begin()
    for _ in range(2):
        frail.lost = 1
        await until(lambda: frail.lost == 0)
        assert not await free(bus)
    ends = work.mine and work.mine.left
    await until(lambda: work.mine and ends and work.mine.left > ends)
    work.stop.set()
    await holding
    assert await free(bus)


async def test_a_release_after_an_unheard_renewal_is_clean(bus: Bus, frail: Frail) -> None:
    work = Work(frail, seconds=6)
    holding = await work.begin()
    frail.lost = 1
    await until(lambda: frail.lost == 0)
    work.stop.set()
    await holding
    assert await free(bus)


async def test_a_try_of_which_nothing_was_heard_leaves_nothing_behind(
    bus: Bus, frail: Frail
) -> None:
    frail.lost = 1
    with pytest.raises(BusUnavailable):
        async with lease(frail, NAME):
            pytest.fail("it is not known to be held")
    assert await free(bus)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    """A server that may be killed."""
    server = start_nats(tmp_path_factory.mktemp("nats"))
    yield server
    server.stop()


@pytest.fixture
async def mortal(server: NatsServer, tmp_path: Path) -> AsyncGenerator[Bus]:
    """A connection to it."""
    settings = Settings(data_dir=tmp_path, nats=NatsSettings(url=server.url))
    bus = await buses.connect(settings.nats, "test")
    await wipe(bus, settings)
    yield bus
    await bus.close()


async def _answers(bus: Bus) -> bool:
    try:
        await bus.get(streams.LEASES, {"last_by_subj": "lease.none.none"})
    except BusUnavailable:
        return False
    return True


async def test_a_killed_server_comes_back_with_its_leases(server: NatsServer, mortal: Bus) -> None:
    async with lease(mortal, NAME, seconds=20) as mine:
        server.kill()
        server.start()
        await eventually(lambda: _answers(mortal))
        assert not await free(mortal)
        before = mine.left
        await until(lambda: mine.left > before)
        assert mine.held
        assert not await free(mortal)
    assert await free(mortal)


async def test_while_the_bus_is_away_nobody_has_it(server: NatsServer, mortal: Bus) -> None:
    work = Work(mortal, seconds=2)
    holding = await work.begin()
    server.kill()
    with pytest.raises(BusUnavailable):
        await free(mortal)
    with pytest.raises(TryLater, match="was lost"):
        await holding
    assert work.mine is not None
    assert not work.mine.held
    server.start()
    await eventually(lambda: _answers(mortal))
    async with lease(mortal, NAME, wait=30):
        pass


@pytest.mark.parametrize("user", ["workers", "projector"])
async def test_every_part_that_holds_leases_may_do_all_of_it(tmp_path: Path, user: str) -> None:
    """On a server with the platform's users, where no part may delete a message."""
    with running_nats(tmp_path, users=True) as server:
        await _as(server, "setup", streams.ensure)
        await _as(server, user, _hold_and_let_go)


async def test_the_gateway_holds_none_and_may_not(tmp_path: Path) -> None:
    with running_nats(tmp_path, users=True) as server:
        await _as(server, "setup", streams.ensure)
        with pytest.raises(BusUnavailable):
            await _as(server, "gateway", _hold_and_let_go)


async def _hold_and_let_go(bus: Bus, _: Settings) -> None:
    async with lease(bus, NAME, seconds=6) as mine:
        before = mine.left
        await asyncio.sleep(0.1)
        await until(lambda: mine.left > before - 0.1)
        assert not await free(bus)
    assert await free(bus)


async def _as(
    server: NatsServer, user: str, work: Callable[[Bus, Settings], Awaitable[None]]
) -> None:
    password = SecretStr(server.passwords[user])
    settings = Settings(nats=NatsSettings(url=server.url, user=user, password=password))
    bus = await buses.connect(settings.nats, user)
    try:
        await work(bus, settings)
    finally:
        await bus.close()
