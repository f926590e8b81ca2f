"""Who follows is replaced, stopped or killed, and nothing is done twice or left out."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from services.runtime import bus as buses, streams
from services.runtime.bus import Bus
from services.runtime.followers.partition import Rhythm
from services.runtime.log import EventLog
from services.runtime.settings import NatsSettings, Settings
from tests.kit.embedded import NatsServer, running_nats
from tests.kit.leases import process
from tests.kit.runtime import eventually, running, until
from tests.kit.streams import wipe
from tests.kit.tree import ROOT
from tests.runtime.followers.kit import (
    QUICK,
    SELDOM,
    Makers,
    all_settled,
    crash,
    host,
    log_on,
    notice,
    settled,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def test_of_two_one_works_and_the_other_goes_on_where_it_stops(
    notices: EventLog, bus_settings: Settings
) -> None:
    first, second = Makers(), Makers()
    one = host(notices, bus_settings, first, SELDOM)
    other = host(notices, bus_settings, second, SELDOM)
    stopping = asyncio.Event()
    working = asyncio.create_task(one.run(stopping))
    await until(lambda: one.held)
    async with running(other.run):
        await notice(notices, range(20))
        await all_settled(notices, 20)
        assert (other.held, second.made) == (frozenset(), [])
        stopping.set()
        await working
        await notice(notices, range(20, 25))
        assert sorted(await all_settled(notices, 25)) == [*range(25)]
    assert second.last.taken[0] == first.last.taken[-1] + 1


async def test_a_successor_takes_only_what_its_predecessor_has_not(
    notices: EventLog, bus_settings: Settings
) -> None:
    makers = Makers()
    async with running(host(notices, bus_settings, makers, SELDOM).run):
        await notice(notices, range(5))
        await all_settled(notices, 5)
    before = makers.last.taken[-1]
    more = await notice(notices, range(5, 8))
    async with running(host(notices, bus_settings, makers, SELDOM).run):
        assert sorted(await all_settled(notices, 8)) == [*range(8)]
    assert makers.last.recalled
    assert makers.last.taken[0] == before + 1 <= more[0]


async def test_after_a_crash_another_goes_on_from_the_last_snapshot(
    notices: EventLog, bus: Bus, bus_settings: Settings
) -> None:
    frail = await process(bus)
    first, second = Makers(), Makers()
    dying = asyncio.create_task(
        host(log_on(frail, bus_settings), bus_settings, first).run(asyncio.Event())
    )
    await notice(notices, range(10))
    await all_settled(notices, 10)

    async def kept() -> bool:
        stored = await bus.get(streams.SNAPSHOTS, {"last_by_subj": "snap.ledgers_ledger.0.0"})
        return (
            stored is not None and b'"open": []' in stored.data and b'"head": [0' not in stored.data
        )

    await eventually(kept)
    await crash(frail, dying)
    async with running(host(notices, bus_settings, second).run):
        await notice(notices, range(10, 15))
        assert sorted(await all_settled(notices, 15)) == [*range(15)]
    assert second.last.recalled
    assert second.last.taken[0] > 10


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_happens_when_each_is_settled_once(
    notices: EventLog, bus: Bus, bus_settings: Settings, seed: int
) -> None:
    random, noticed = Random(seed), 0
    ends = ["stop", "stop", "stop", "crash"]
    random.shuffle(ends)
    for end in ends:
        frail = await process(bus)
        stopping, makers = asyncio.Event(), Makers()
        rhythm = random.choice([QUICK, SELDOM])
        follower = host(log_on(frail, bus_settings), bus_settings, makers, rhythm)
        task = asyncio.create_task(follower.run(stopping))
        await until(lambda follower=follower: follower.held)
        count = random.randrange(1, 30)
        await notice(notices, range(noticed, noticed + count))
        noticed += count
        wanted = random.randrange(noticed - count, noticed + 1)
        await all_settled(notices, wanted)
        if end == "crash":
            await crash(frail, task)
        else:
            stopping.set()
            await task
    async with running(host(notices, bus_settings, Makers()).run):
        assert sorted(await all_settled(notices, noticed)) == [*range(noticed)]


async def test_another_version_begins_with_the_oldest_event(
    notices: EventLog, bus_settings: Settings
) -> None:
    await notice(notices, range(4))
    async with running(host(notices, bus_settings, Makers()).run):
        await all_settled(notices, 4)
    makers = Makers(version=2)
    async with running(host(notices, bus_settings, makers).run):
        await until(lambda: makers.made and makers.last.acts)
    assert not makers.last.recalled
    assert makers.last.taken == [1, 2, 3, 4, 5]
    assert await settled(notices) == [0, 1, 2, 3]


async def test_another_stream_is_followed_from_its_beginning(
    notices: EventLog, bus: Bus, bus_settings: Settings
) -> None:
    await notice(notices, range(4))
    makers = Makers()
    async with running(host(notices, bus_settings, makers).run):
        await all_settled(notices, 4)
    await bus.api(f"STREAM.DELETE.{streams.EVENTS}")
    await eventually(lambda: _made(bus, bus_settings))
    await notice(notices, range(10, 18))
    async with running(host(notices, bus_settings, makers).run):
        assert await all_settled(notices, 8) == [*range(10, 18)]
    assert not makers.last.recalled


async def test_a_stream_made_anew_under_its_follower_is_followed_from_its_beginning(
    notices: EventLog, bus: Bus, bus_settings: Settings
) -> None:
    await notice(notices, range(4))
    makers = Makers()
    async with running(host(notices, bus_settings, makers).run):
        await all_settled(notices, 4)
        gate = makers.last.hangs = asyncio.Event()  # So that it does not see it happen.
        await notice(notices, [4])
        await bus.api(f"STREAM.DELETE.{streams.EVENTS}")
        await eventually(lambda: _made(bus, bus_settings))
        gate.set()
        await notice(notices, [10])
        assert await all_settled(notices, 1) == [10]


async def _made(bus: Bus, settings: Settings) -> bool:
    """The server may still be removing the files of a stream that it says is deleted."""
    try:
        await streams.ensure(bus, settings)
    except buses.JetStreamRefused:
        return False
    return True


async def test_what_is_gone_behind_a_snapshot_is_told_and_passed(
    notices: EventLog, bus: Bus, bus_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await notice(notices, range(4))
    makers = Makers()
    async with running(host(notices, bus_settings, makers).run):
        await all_settled(notices, 4)
        await until(lambda: not makers.last.open)
    kept = makers.last.taken[-1]
    gone = await notice(notices, range(4, 9))
    await bus.api(f"STREAM.PURGE.{streams.EVENTS}", {"seq": gone[-1] + 1})
    left = await notice(notices, range(9, 11))
    async with running(host(notices, bus_settings, makers).run):
        await until(lambda: makers.last.recalled and makers.last.acts)
    assert makers.last.taken == left
    assert f"sequences='{kept + 1} to {gone[-1]}'" in capsys.readouterr().out


@contextmanager
def follower_process(settings: Settings) -> Generator["subprocess.Popen[bytes]"]:
    """One that follows until the block ends."""
    program = [sys.executable, "-m", "tests.runtime.followers.program", settings.nats.url]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE) as running_program:
        try:
            yield running_program
        finally:
            running_program.kill()


async def test_a_process_that_is_killed_at_its_work_is_replaced(
    notices: EventLog, bus_settings: Settings
) -> None:
    async def keep_noticing() -> None:
        for number in range(200):
            await notice(notices, [number])

    with follower_process(bus_settings) as first:
        noticing = asyncio.create_task(keep_noticing())
        await all_settled(notices, 10)
        async with running(host(notices, bus_settings, Makers()).run):
            first.kill()
            await noticing
            assert sorted(await all_settled(notices, 200)) == [*range(200)]


def _say_that_it_is_lost(program: "subprocess.Popen[bytes]") -> None:
    """Comes back once it has; its lines are read to then."""
    assert program.stdout is not None
    while line := program.stdout.readline():
        if b"was lost" in line:
            return
    pytest.fail("it ended without a word")


async def test_one_that_stood_still_and_wakes_acts_no_more(
    notices: EventLog, bus_settings: Settings
) -> None:
    makers = Makers()
    with follower_process(bus_settings) as first:
        await notice(notices, range(5))
        await all_settled(notices, 5)
        first.send_signal(signal.SIGSTOP)
        follower = host(notices, bus_settings, makers)
        async with running(follower.run):
            await notice(notices, range(5, 10))
            await all_settled(notices, 10)
            first.send_signal(signal.SIGCONT)
            await asyncio.to_thread(_say_that_it_is_lost, first)
            await notice(notices, range(10, 15))
            assert sorted(await all_settled(notices, 15)) == [*range(15)]
            assert follower.held == {0}
            assert follower.error is None
    assert len(makers.made) == 1


def _user(server: NatsServer, name: str) -> NatsSettings:
    return NatsSettings(url=server.url, user=name, password=SecretStr(server.passwords[name]))


async def test_it_goes_on_when_the_bus_has_been_away(tmp_path: Path) -> None:
    # With the platform's users: what a follower needs, the workers' may do.
    with running_nats(tmp_path, users=True) as server:
        settings = Settings(data_dir=tmp_path, nats=_user(server, "workers"))
        setup = await buses.connect(_user(server, "setup"), "test")
        await wipe(setup, settings)
        await setup.close()
        bus = await buses.connect(settings.nats, "test")
        frail, log, makers = await process(bus), log_on(bus, settings), Makers()
        reached = replace(log_on(frail, settings), patience=0.1)
        follower = host(reached, settings, makers, Rhythm(act=0.02, snapshot=0.05, lease=30))
        async with running(follower.run):
            await notice(log, range(5))
            await all_settled(log, 5)
            frail.cut = True
            await notice(log, range(5, 10))
            await until(lambda: follower.error == "cut off")
            frail.cut = False
            assert sorted(await all_settled(log, 10)) == [*range(10)]
            await until(lambda: not makers.last.open and follower.error is None)
        await bus.close()
    assert len(makers.made) == 1
    assert makers.last.taken == [*range(1, len(makers.last.taken) + 1)]
