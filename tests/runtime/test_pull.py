"""The pull loop: in order, as much as has arrived, and going on by itself."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nats.aio.msg import Msg

from services.runtime import bus as buses
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.pull import Delivery, Durable, Ordered, PullReader
from services.runtime.settings import NatsSettings, Settings
from tests.kit.embedded import NatsServer, start_nats
from tests.kit.runtime import eventually, until
from tests.kit.streams import wipe

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

EVERYTHING = Ordered("EVT")
READERS = Durable("CMD", "readers", ("cmd.>",), ack_wait=3, max_ack_pending=100)
PATIENT = replace(READERS, ack_wait=60)
"""What it has given out comes again to nobody, however long that takes."""


@asynccontextmanager
async def reading(
    bus: Bus, consumer: Ordered | Durable = EVERYTHING, **limits: Any
) -> AsyncGenerator[PullReader]:
    reader = PullReader(bus, consumer, **limits)
    try:
        yield reader
    finally:
        await reader.close()


async def fill(bus: Bus, count: int, *, subject: str = "evt.a", size: int = 10) -> None:
    before = (await bus.api("STREAM.INFO.EVT"))["state"]["last_seq"] if subject[0] == "e" else 0
    for number in range(count):
        await bus.publish(subject, str(before + number + 1).encode().ljust(size))


async def take(reader: PullReader, count: int) -> list[Delivery]:
    """Take until there are so many; comes back by itself when the bus was away."""
    found: list[Delivery] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            try:
                found += await reader.take(1000, wait=0.2)
            except BusUnavailable:
                await asyncio.sleep(0.05)
    return found


def sequences(deliveries: list[Delivery]) -> list[int]:
    return [delivery.sequence for delivery in deliveries]


async def test_everything_comes_once_and_in_order(bus: Bus) -> None:
    await fill(bus, 250)
    async with reading(bus, batch=100) as reader:
        found = await take(reader, 250)
        assert sequences(found) == [*range(1, 251)]
        assert [int(delivery.data) for delivery in found] == [*range(1, 251)]
        assert {delivery.delivered for delivery in found} == {1}
        assert reader.position == 251


async def test_one_when_idle_many_under_load(bus: Bus) -> None:
    async with reading(bus) as reader:
        assert await reader.take(1000, wait=0.05) == []
        await fill(bus, 1)
        assert sequences(await reader.take(1000, wait=20)) == [1]
        await fill(bus, 30)
        await until(lambda: len(reader.waiting) == 30)
        assert sequences(await reader.take(20, wait=0)) == [*range(2, 22)]
        assert sequences(await reader.take(20, wait=0)) == [*range(22, 32)]


async def test_how_much_is_left_is_known_from_the_start(bus: Bus) -> None:
    await fill(bus, 10)
    async with reading(bus, batch=4) as reader:
        await reader.open()
        assert reader.pending == 10
        await until(lambda: len(reader.waiting) == 4)
        taken = await reader.take(3)
        assert (sequences(taken), reader.pending) == ([1, 2, 3], 7)
        await take(reader, 7)
        assert reader.pending == 0


async def test_only_what_the_filters_let_through_is_read(bus: Bus) -> None:
    for subject in ("evt.a", "evt.b", "evt.c", "evt.a"):
        await bus.publish(subject, b"")
    async with reading(bus, Ordered("EVT", ("evt.a", "evt.c"))) as reader:
        assert sequences(await take(reader, 3)) == [1, 3, 4]


async def test_it_begins_and_goes_on_where_it_is_told(bus: Bus) -> None:
    await fill(bus, 20)
    async with reading(bus, start=15) as reader:
        assert sequences(await take(reader, 6)) == [*range(15, 21)]
        reader.seek(18)
        assert sequences(await take(reader, 3)) == [18, 19, 20]
        reader.seek(25)
        await fill(bus, 6)
        assert sequences(await take(reader, 2)) == [25, 26]


async def test_a_buffer_holds_no_more_than_its_bytes(bus: Bus) -> None:
    await fill(bus, 40, size=100_000)
    opened = 0

    class Counted(PullReader):
        async def open(self) -> None:
            nonlocal opened
            opened += 1
            await super().open()

    reader = Counted(bus, EVERYTHING, max_bytes=500_000)
    found: list[Delivery] = []
    while len(found) < 40:
        await asyncio.sleep(0.01)
        assert sum(len(each.data) for each in reader.waiting) <= 2 * 500_000
        found += await reader.take(3, wait=20)
    await reader.close()
    assert sequences(found) == [*range(1, 41)]
    assert opened == 1, "a full request is no lost consumer"


async def test_a_consumer_that_somebody_removed_is_made_anew(bus: Bus) -> None:
    await fill(bus, 5)
    async with reading(bus) as reader:
        found = await take(reader, 5)
        for name in await consumers(bus, "EVT"):
            await bus.api(f"CONSUMER.DELETE.EVT.{name}")
        await fill(bus, 5)
        found += await take(reader, 5)
    assert sequences(found) == [*range(1, 11)]


async def test_a_durable_that_somebody_removed_is_made_anew(bus: Bus) -> None:
    async with reading(bus, READERS) as reader:
        await fill(bus, 1, subject="cmd.a")
        await ack(bus, await take(reader, 1))
        await bus.api("CONSUMER.DELETE.CMD.readers")
        await fill(bus, 1, subject="cmd.a")
        assert sequences(await take(reader, 1)) == [2]


async def test_a_dropped_message_is_read_again(bus: Bus) -> None:
    await fill(bus, 50)

    class Dropping(PullReader):
        dropped = 0

        def _arrived(self, message: object) -> None:
            # The third delivery of the first consumer gets lost in the client's buffer.
            if ".3." in getattr(message, "reply", "") and not self.dropped:
                self.dropped += 1
                return
            super()._arrived(message)  # pyright: ignore[reportArgumentType]

    reader = Dropping(bus, EVERYTHING)
    found = await take(reader, 50)
    await reader.close()
    assert reader.dropped == 1
    assert sequences(found) == [*range(1, 51)]


async def ack(bus: Bus, deliveries: list[Delivery]) -> None:
    """Acknowledge, and wait until the server has noted it."""
    for delivery in deliveries:
        await bus.request(delivery.reply, b"+ACK")


async def consumers(bus: Bus, stream: str) -> list[str]:
    return (await bus.api(f"CONSUMER.NAMES.{stream}"))["consumers"] or []


async def test_what_was_not_acknowledged_comes_again(bus: Bus) -> None:
    await fill(bus, 3, subject="cmd.a")
    async with reading(bus, READERS) as reader:
        first = await take(reader, 3)
        await ack(bus, first[:2])
        again = await take(reader, 1)
        await ack(bus, again)
    assert (sequences(again), again[0].delivered) == ([3], 2)
    state = await bus.api("STREAM.INFO.CMD")
    assert state["state"]["messages"] == 0


async def test_a_message_behind_the_end_of_its_batch_is_taken(bus: Bus) -> None:
    await fill(bus, 1, subject="cmd.a")

    class Clustered(PullReader):
        def _arrived(self, message: Msg) -> None:
            # In a cluster the one comes from the stream's server, the other from the consumer's.
            request = self._request
            if request is not None and message.reply.startswith("$JS.ACK."):
                over = {"Status": "409", "Description": "Batch Completed"}
                super()._arrived(Msg(bus.client, request.reply, "", b"", over))
            super()._arrived(message)

    reader = Clustered(bus, PATIENT, batch=1)
    found = await take(reader, 1)
    await reader.close()
    assert sequences(found) == [1]


async def test_two_readers_of_a_durable_share_the_work(bus: Bus) -> None:
    async with reading(bus, PATIENT, batch=2) as one, reading(bus, PATIENT, batch=2) as other:
        await one.open()
        await other.open()
        await fill(bus, 40, subject="cmd.a")
        shares: list[list[int]] = [[], []]
        async with asyncio.timeout(30):
            while sum(map(len, shares)) < 40:
                for share, reader in zip(shares, (one, other), strict=True):
                    found = await reader.take(2, wait=0.05)
                    await ack(bus, found)
                    share += sequences(found)
    assert sorted(shares[0] + shares[1]) == [*range(1, 41)]
    assert all(shares)


async def test_a_reader_that_is_hurried_comes_back_at_once(bus: Bus) -> None:
    async with reading(bus) as reader:
        taking = asyncio.create_task(reader.take(1, wait=100))
        await asyncio.sleep(0.05)
        reader.hurry()
        assert await asyncio.wait_for(taking, 30) == []


async def test_a_reader_leaves_nothing_behind(bus: Bus) -> None:
    told = len(bus.reconnects)
    subscribed = len(bus.client._subs)
    async with reading(bus) as reader:
        await reader.open()
        assert len(await consumers(bus, "EVT")) == 1
    assert (await consumers(bus, "EVT"), len(bus.reconnects)) == ([], told)
    assert len(bus.client._subs) == subscribed


async def test_a_durable_outlives_its_reader(bus: Bus) -> None:
    async with reading(bus, READERS) as reader:
        await reader.open()
    assert await consumers(bus, "CMD") == ["readers"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    server = start_nats(tmp_path_factory.mktemp("nats"))
    yield server
    server.stop()


@pytest.fixture
async def mortal(server: NatsServer, tmp_path: Path) -> AsyncGenerator[Bus]:
    """A bus on a server that may be killed."""
    settings = Settings(data_dir=tmp_path, nats=NatsSettings(url=server.url))
    bus = await buses.connect(settings.nats, "test")
    await wipe(bus, settings)
    yield bus
    await bus.close()


Restart = Callable[[NatsServer], None]


def crash(server: NatsServer) -> None:
    server.kill()
    server.start()


@pytest.mark.parametrize("restart", [NatsServer.restart, crash], ids=["restart", "crash"])
async def test_an_ordered_reader_neither_loses_nor_repeats_over_a_restart(
    server: NatsServer, mortal: Bus, restart: Restart
) -> None:
    await fill(mortal, 100)
    async with reading(mortal, batch=30) as reader:
        found = await reader.take(10)
        await until(lambda: reader.waiting)
        restart(server)
        found += await take(reader, 90)
        await eventually(lambda: _filled(mortal, 20))
        found += await take(reader, 20)
        assert sequences(found) == [*range(1, 121)]


async def _filled(bus: Bus, count: int) -> bool:
    try:
        await fill(bus, count)
    except BusUnavailable:
        return False
    return True


async def test_a_durable_reader_loses_nothing_over_a_restart(
    server: NatsServer, mortal: Bus
) -> None:
    await fill(mortal, 20, subject="cmd.a")
    seen: set[int] = set()
    async with reading(mortal, READERS, batch=5) as reader:
        found = await take(reader, 5)
        await ack(mortal, found[:3])
        server.restart()
        while len(seen) < 17:
            found = await take(reader, 1)
            with suppress(BusUnavailable):
                await ack(mortal, found)
            seen |= {*sequences(found)}
    assert seen == {*range(4, 21)}


async def test_a_consumer_made_anew_takes_the_place_of_the_old_one(bus: Bus) -> None:
    await fill(bus, 5)
    async with reading(bus) as reader:
        await take(reader, 5)
        reader.seek(2)
        assert sequences(await take(reader, 4)) == [2, 3, 4, 5]
        assert (await bus.api("CONSUMER.LIST.EVT"))["total"] == 1


async def test_a_reader_closed_while_the_bus_is_away_does_not_come_back(
    server: NatsServer, mortal: Bus
) -> None:
    subscribed = len(mortal.client._subs)
    reader = PullReader(mortal, EVERYTHING)
    await reader.open()
    server.kill()
    await until(lambda: not mortal.connected)
    reader.seek(1)
    with pytest.raises(BusUnavailable):
        await reader.take(1, wait=1)
    await reader.close()
    server.start()
    await until(lambda: mortal.connected)
    assert len(mortal.client._subs) == subscribed
