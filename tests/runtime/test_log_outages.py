"""Appending while the bus is away: exactly once if it comes back in time, told if it does not."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.clusters import ClusterUpdated
from services.runtime import bus as buses, process
from services.runtime.bus import Ack, Bus, BusUnavailable, JetStreamRefused, Outgoing
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Appended, Conflict, EventLog, Head
from services.runtime.settings import NatsSettings, Settings
from tests.kit import builders
from tests.kit.embedded import NatsServer, start_nats
from tests.kit.runtime import eventually, until
from tests.kit.streams import wipe

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    """A server that may be killed."""
    server = start_nats(tmp_path_factory.mktemp("nats"))
    yield server
    server.stop()


@pytest.fixture
async def mortal(server: NatsServer, tmp_path: Path) -> AsyncGenerator[EventLog]:
    settings = Settings(data_dir=tmp_path, nats=NatsSettings(url=server.url, append_patience=8))
    bus = await buses.connect(settings.nats, "test")
    await wipe(bus, settings)
    yield process.event_log(bus, settings)
    await bus.close()


Append = Callable[[EventLog], Any]


async def _one(log: EventLog) -> Appended:
    return await log.append([builders.registered()], {}, builders.context(), builders.at())


async def _both(log: EventLog) -> Appended:
    events = [builders.name_taken(), builders.registered()]
    return await log.append(events, {}, builders.context(), builders.at())


@pytest.mark.parametrize(("append", "count"), [(_one, 1), (_both, 2)], ids=["one", "batch"])
async def test_an_append_waits_for_the_bus_and_is_stored_once(
    server: NatsServer, mortal: EventLog, append: Append, count: int
) -> None:
    server.kill()
    appending = asyncio.create_task(append(mortal))
    await asyncio.sleep(0.5)
    assert not appending.done()
    server.start()
    appended = await asyncio.wait_for(appending, 30)
    assert (appended.sequence, appended.version) == (count, 1)
    assert (await mortal.bounds())[1] == count


async def test_who_waits_in_vain_is_told(server: NatsServer, mortal: EventLog) -> None:
    mortal.patience = 0.4
    server.kill()
    await until(lambda: not mortal.bus.connected)
    loop = asyncio.get_running_loop()
    before = loop.time()
    with pytest.raises(BusUnavailable):
        await _one(mortal)
    assert loop.time() - before < 20, "soon after its patience of 0.4 s"
    server.start()
    await until(lambda: mortal.bus.connected)
    assert (await eventually(mortal.bounds))[1] == 0


async def test_many_at_once_over_a_crash_are_stored_once_each(
    server: NatsServer, mortal: EventLog
) -> None:
    async def append(number: int) -> int:
        event = builders.fired(fingerprint=f"{number:016x}")
        context = builders.context(command_id=new_id())
        return (await mortal.append([event], {}, context, builders.at())).sequence

    tasks: list[asyncio.Task[int]] = []
    for number in range(600):
        tasks.append(asyncio.create_task(append(number)))
        if number == 200:
            await asyncio.sleep(0)
            server.kill()
        if number == 400:
            server.start()
        await asyncio.sleep(0)
    sequences = await asyncio.wait_for(asyncio.gather(*tasks), 60)
    assert sorted(sequences) == [*range(1, 601)]
    assert await mortal.bounds() == (1, 600)


class Deaf(Bus):
    """Hears no acknowledgement of what it stores, a few times."""

    def __init__(self, bus: Bus, times: int = 1) -> None:
        super().__init__(bus.client)
        self.times = times

    def _lose(self) -> None:
        if self.times:
            self.times -= 1
            raise BusUnavailable("the acknowledgement was lost")

    async def publish(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Ack:
        ack = await super().publish(subject, data, headers, timeout=timeout)
        self._lose()
        return ack


@pytest.fixture
async def deaf(bus: Bus, log: EventLog) -> EventLog:
    """The log on a connection that loses the next three acknowledgements."""
    made = Deaf(bus, 3)
    await made.open()
    log.bus = made
    return log


@pytest.mark.parametrize(("append", "count"), [(_one, 1), (_both, 2)], ids=["one", "batch"])
async def test_lost_acknowledgements_are_no_further_events(
    deaf: EventLog, append: Append, count: int
) -> None:
    appended = await append(deaf)
    assert (appended.sequence, appended.version) == (count, 1)
    assert (await deaf.bounds())[1] == count


async def _update(log: EventLog, command: UUID, head: Head, region: str = "eu-west") -> Appended:
    event: ClusterUpdated = builders.updated(region=region)
    context = builders.context(command_id=command)
    return await log.append([event], {event.key: head}, context, builders.at())


async def _updates(log: EventLog, count: int, head: Head = NOTHING) -> Head:
    for _ in range(count):
        appended = await _update(log, new_id(), head)
        head = Head(appended.sequence, appended.version or 0)
    return head


async def test_an_append_is_found_however_many_came_after_it(log: EventLog) -> None:
    command = new_id()
    first = await _update(log, command, NOTHING)
    await _updates(log, 40, Head(first.sequence, 1))
    assert await _update(log, command, NOTHING) == first


async def test_a_command_decided_anew_on_a_later_version_has_had_its_effect(log: EventLog) -> None:
    command = new_id()
    first = await _update(log, command, NOTHING)
    head = await _updates(log, 40, Head(first.sequence, 1))
    assert await _update(log, command, head, "us-east") == first
    assert (await log.bounds())[1] == 41


async def test_an_aggregate_of_any_age_is_appended_to_and_loaded(log: EventLog) -> None:
    head = await _updates(log, 1030)
    assert head == Head(1030, 1030)
    with pytest.raises(Conflict):
        await _update(log, new_id(), NOTHING)
    found = await log.load_last(builders.updated().key)
    assert [entry.version for entry in found] == [*range(1023, 1031)]


async def test_large_heads_are_all_read(log: EventLog) -> None:
    """Together more than the server gives at once (64 MB)."""
    text = "x" * 900_000
    events = [
        builders.fired(fingerprint=f"{number:016x}", annotations={"summary": text})
        for number in range(80)
    ]
    for start in range(0, 80, 20):
        changes = [(event, NOTHING) for event in events[start : start + 20]]
        await log.append_each(changes, builders.context(), builders.at())
    heads = await log.heads(event.key for event in events)
    assert {key: entry.sequence for key, entry in heads.items()} == {
        event.key: number for number, event in enumerate(events, start=1)
    }


async def test_nothing_to_append_is_nothing(log: EventLog) -> None:
    assert await log.append_each([], builders.context(), builders.at()) == []


async def test_messages_are_read_at_many_positions(bus: Bus, log: EventLog) -> None:
    await _updates(log, 5)
    await bus.api("STREAM.MSG.DELETE.EVT", {"seq": 3})
    found = await log.at_each([1, 3, 5, 99])
    assert set(found) == {1, 5}
    assert found[1].data == builders.updated().model_dump_json().encode()


async def test_every_event_of_a_fact_lives_equally_long(bus: Bus, log: EventLog) -> None:
    (first,) = await log.append_each(
        [(builders.fired(), NOTHING)], builders.context(), builders.at()
    )
    assert isinstance(first, int)
    await log.append_each(
        [(builders.resolved(), Head(first))], builders.context(), builders.at(3600)
    )
    stored = [await log.at(sequence) for sequence in (1, 2)]
    ages = {one.headers.get("Nats-TTL") for one in stored if one is not None}
    assert ages == {f"{2160 * 3600}s"}


async def test_not_now_is_an_outage_and_no_is_no(bus: Bus) -> None:
    with pytest.raises(BusUnavailable):
        await bus.publish("nobody.takes.this", b"")
    stale = {"Nats-Expected-Last-Subject-Sequence": "7"}
    with pytest.raises(JetStreamRefused):
        await bus.publish("evt.-.a.b.c", b"", stale)
    sent = [Outgoing("evt.-.a.b.c", b"", stale), Outgoing("evt.-.a.b.d", b"", {})]
    refused, stored = await bus.publish_each(sent)
    assert isinstance(refused, JetStreamRefused)
    assert isinstance(stored, Ack)
