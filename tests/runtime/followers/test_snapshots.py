"""Snapshots are whole, and written by nobody but who has the partition."""

from collections.abc import Awaitable, Callable
from random import Random

import pytest

from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.followers.snapshots import LARGEST, Kept, Snapshots, Source, Superseded
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.kit.leases import process
from tests.kit.runtime import eventually, running, until
from tests.runtime.followers.kit import Ledger, Makers, all_settled, host, notice

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

SOURCE = Source(1, 1, "2026-11-26T00:00:00Z")
MIB = 1024 * 1024


def snapshots(bus: Bus, partition: int = 0) -> Snapshots:
    return Snapshots(bus, "ledgers_ledger", partition)


async def messages(bus: Bus) -> int:
    return (await bus.api(f"STREAM.INFO.{streams.SNAPSHOTS}"))["state"]["messages"]


async def test_at_first_there_is_nothing(bus: Bus) -> None:
    assert await snapshots(bus).take_over() == Kept(None)
    # Nor is there when somebody has held it who kept nothing.
    assert await snapshots(bus).take_over() == Kept(None)


@pytest.mark.parametrize("size", [0, 1, 512 * 1024, 512 * 1024 + 1, 5 * MIB])
async def test_what_is_kept_is_found_by_the_next_one(bus: Bus, size: int) -> None:
    state = Random(size).randbytes(size)
    before = snapshots(bus)
    await before.take_over()
    await before.save(b"an older one", SOURCE, 6)
    await before.save(state, SOURCE, 7)
    assert await snapshots(bus).take_over() == Kept(SOURCE, 7, state)
    assert await snapshots(bus).take_over() == Kept(SOURCE, 7, state)


async def test_each_partition_has_its_own(bus: Bus) -> None:
    for number in (0, 1, 10):
        one = snapshots(bus, number)
        await one.take_over()
        await one.save(b"%d" % number, SOURCE, number + 1)
    for number in (0, 1, 10):
        assert await snapshots(bus, number).take_over() == Kept(SOURCE, number + 1, b"%d" % number)


async def test_nothing_is_left_of_a_larger_one(bus: Bus) -> None:
    keeping = snapshots(bus)
    await keeping.take_over()
    await keeping.save(bytes(2 * MIB), SOURCE, 1)
    assert await messages(bus) == 4
    await keeping.save(b"little", SOURCE, 2)

    async def gone() -> bool:
        return await messages(bus) == 1

    await eventually(gone)
    assert await snapshots(bus).take_over() == Kept(SOURCE, 2, b"little")


@pytest.mark.parametrize("size", [10, 2 * MIB])
async def test_who_was_replaced_and_does_not_know_it_writes_nothing(bus: Bus, size: int) -> None:
    first, second = snapshots(bus), snapshots(bus)
    await first.take_over()
    await first.save(b"first", SOURCE, 1)
    await second.take_over()
    with pytest.raises(Superseded):
        await first.save(bytes(size), SOURCE, 2)
    await second.save(b"second", SOURCE, 3)
    with pytest.raises(Superseded):
        await first.save(bytes(size), SOURCE, 4)
    assert await snapshots(bus).take_over() == Kept(SOURCE, 3, b"second")


async def test_a_lost_acknowledgement_ends_nothing(bus: Bus) -> None:
    frail = await process(bus)
    keeping = snapshots(frail)
    await keeping.take_over()
    for sequence, size in enumerate([1, MIB, 3, 2 * MIB], start=1):
        frail.lost = 1
        with pytest.raises(BusUnavailable):
            await keeping.save(bytes(size), SOURCE, sequence)
    await keeping.save(b"last", SOURCE, 5)
    assert await snapshots(bus).take_over() == Kept(SOURCE, 5, b"last")


async def test_one_that_is_too_large_is_refused(bus: Bus) -> None:
    keeping = snapshots(bus)
    await keeping.take_over()
    with pytest.raises(ValueError, match="67,108,865 bytes"):
        await keeping.save(bytes(LARGEST + 1), SOURCE, 1)


@pytest.mark.parametrize("part", [0, 2])
async def test_a_broken_one_is_known_as_such(bus: Bus, part: int) -> None:
    keeping = snapshots(bus)
    await keeping.take_over()
    await keeping.save(Random(1).randbytes(2 * MIB), SOURCE, 9)
    await bus.publish(f"snap.ledgers_ledger.0.{part}", b"something else")
    kept = await snapshots(bus).take_over()
    assert kept.source is not None
    assert kept.state is None


async def _break(bus: Bus) -> None:
    await bus.publish("snap.ledgers_ledger.0.0", b"something else", {"aiops-snapshot": "{"})


async def _unreadable(bus: Bus) -> None:
    keeping = snapshots(bus)
    info = await bus.api(f"STREAM.INFO.{streams.EVENTS}")
    await keeping.take_over()
    await keeping.save(b"not what a ledger writes", Source(1, 1, info["created"]), 2)


async def _ahead(bus: Bus) -> None:
    keeping = snapshots(bus)
    info = await bus.api(f"STREAM.INFO.{streams.EVENTS}")
    await keeping.take_over()
    await keeping.save(b'{"open": [], "head": [0, 0]}\n', Source(1, 1, info["created"]), 10**6)


@pytest.mark.parametrize("harm", [_break, _unreadable, _ahead])
async def test_a_follower_begins_anew_where_a_snapshot_is_no_use(
    notices: EventLog, bus_settings: Settings, harm: Callable[[Bus], Awaitable[None]]
) -> None:
    await harm(notices.bus)
    await notice(notices, range(5))
    makers = Makers()
    async with running(host(notices, bus_settings, makers).run):
        assert await all_settled(notices, 5) == [*range(5)]
    assert [made.recalled for made in makers.made] == [False]
    async with running(host(notices, bus_settings, makers).run):
        await until(lambda: len(makers.made) == 2)
    assert makers.last.recalled


async def test_a_follower_with_five_mebibytes_goes_on_with_them(
    notices: EventLog, bus_settings: Settings
) -> None:
    ballast = Random(5).randbytes(5 * MIB)

    def prepare(ledger: Ledger) -> None:
        if not ledger.recalled:
            ledger.ballast = ballast

    makers = Makers(prepare=prepare)
    for _ in range(2):
        async with running(host(notices, bus_settings, makers).run):
            await notice(notices, [len(makers.made)])
            await until(lambda: makers.made and makers.last.acts)
    assert makers.last.recalled
    assert makers.last.ballast == ballast


async def test_a_large_snapshot_is_kept_less_often(
    notices: EventLog, bus: Bus, bus_settings: Settings
) -> None:
    def prepare(ledger: Ledger) -> None:
        ledger.ballast = bytes(5 * MIB)

    async def kept() -> int:
        head = await bus.get(streams.SNAPSHOTS, {"last_by_subj": "snap.ledgers_ledger.0.0"})
        return head.sequence if head is not None and len(head.data) > 1_000 else 0

    makers = Makers(prepare=prepare)
    async with running(host(notices, bus_settings, makers).run):
        await notice(notices, [0])
        await eventually(kept)
        first = await kept()
        await notice(notices, [1])
        acts = len(makers.last.acts)
        await until(lambda: len(makers.last.acts) > acts + 20)
        assert await kept() == first
    assert await kept() > first


async def test_a_snapshot_that_cannot_be_kept_is_an_error_and_ends_nothing(
    notices: EventLog, bus_settings: Settings
) -> None:
    def prepare(ledger: Ledger) -> None:
        ledger.ballast = bytes(LARGEST)

    makers = Makers(prepare=prepare)
    follower = host(notices, bus_settings, makers)
    async with running(follower.run):
        await notice(notices, range(3))
        await until(lambda: follower.error)
        assert "no snapshot: ValueError" in (follower.error or "")
        assert await all_settled(notices, 3) == [0, 1, 2]
    assert len(makers.made) == 1
