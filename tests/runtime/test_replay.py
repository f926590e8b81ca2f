"""A window of the log read again: exactly its messages, in order, whatever happens meanwhile."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contracts.alerts import AlertFired, AlertResolved
from contracts.clusters import ClusterRegistered
from services.runtime import bus as buses, streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.context import LOGGED_AT, exact, log_time, nanoseconds
from services.runtime.log import EventLog
from services.runtime.pull import Delivery
from services.runtime.replay import Replay, Window, event_filters
from services.runtime.settings import NatsSettings, Settings
from tests.kit import builders
from tests.kit.embedded import running_nats
from tests.kit.runtime import store, until
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID
from tests.kit.streams import wipe

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

START = builders.at()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


async def put(bus: Bus, subject: str, seconds: float) -> None:
    """A message of this time of the log; its body says which."""
    headers = {LOGGED_AT: exact(int(at(seconds).timestamp() * 1_000_000) * 1000)}
    await bus.publish(subject, f"{seconds:g}".encode(), headers)


async def fill(bus: Bus, times: Sequence[float], subject: str = "evt.-.a.1.b") -> None:
    for seconds in times:
        await put(bus, subject, seconds)


async def take_all(replay: Replay, most: int = 7) -> list[Delivery]:
    found: list[Delivery] = []
    async with asyncio.timeout(30):
        while page := await replay.take(most):
            found += page
    return found


async def bodies(log: EventLog, window: Window, telemetry: tuple[str, ...] = ()) -> list[float]:
    async with Replay(log, window, telemetry=telemetry) as replay:
        return [float(each.data) for each in await take_all(replay)]


def test_times_of_the_log_are_told_in_full() -> None:
    for text in (
        "2026-01-01T12:00:01.5Z",
        "2026-01-01T12:00:01Z",
        "2026-01-01T12:00:01.123456789Z",
    ):
        assert nanoseconds(exact(nanoseconds(text))) == nanoseconds(text)
        assert log_time(exact(nanoseconds(text))) == log_time(text)
    assert nanoseconds("1970-01-01T00:00:01.000000002Z") == 1_000_000_002


async def test_a_window_begins_with_its_start_and_ends_before_its_end(
    bus: Bus, log: EventLog
) -> None:
    await fill(bus, [0, 1, 1, 2, 3])
    assert await bodies(log, Window()) == [0, 1, 1, 2, 3]
    assert await bodies(log, Window(at(1), at(3))) == [1, 1, 2]
    assert await bodies(log, Window(at(0.5), at(1.000001))) == [1, 1]
    assert await bodies(log, Window(at(2), None)) == [2, 3]


@pytest.mark.parametrize(
    "window",
    [
        Window(at(-9), at(0)),
        Window(at(0.1), at(0.9)),
        Window(at(1), at(1)),
        Window(at(1), at(0)),
        Window(at(2), at(9)),
        Window(at(100 * 365 * 86_400), None),
    ],
)
async def test_an_empty_window_is_over_at_once(bus: Bus, log: EventLog, window: Window) -> None:
    await fill(bus, [0, 1])
    async with Replay(log, window) as replay:
        assert replay.extent.last < replay.extent.first
        assert await replay.take() == []
        assert await replay.take() == []


async def test_an_empty_log_has_nothing(log: EventLog) -> None:
    assert await bodies(log, Window(), ("tel.>",)) == []
    assert await bodies(log, Window(at(0), at(9)), ("tel.>",)) == []


async def test_a_window_without_an_end_ends_with_what_is_there(bus: Bus, log: EventLog) -> None:
    await fill(bus, [0, 1])
    async with Replay(log, Window(at(0), datetime.max.replace(tzinfo=START.tzinfo))) as replay:
        await fill(bus, [2, 3])
        assert [float(each.data) for each in await take_all(replay)] == [0, 1]


async def test_times_are_those_of_the_server(bus: Bus, log: EventLog) -> None:
    appended = [await store(log, builders.registered(id=CLUSTER_ID))]
    appended.append(await store(log, builders.fired()))
    stored = [await log.at(each.sequence) for each in appended]
    second = log_time(stored[1].time) if stored[1] else START
    async with Replay(log, Window(second)) as replay:
        (found,) = await take_all(replay)
    assert found.sequence == appended[1].sequence
    assert stored[1] is not None
    # As numbers: the server leaves zeros at the end out.
    assert found.time_ns == nanoseconds(stored[1].time)


async def test_events_and_telemetry_come_in_the_order_of_their_times(
    bus: Bus, log: EventLog
) -> None:
    chance = random.Random(7)
    events = sorted(chance.choices(range(200), k=60))
    samples = sorted(chance.choices(range(50, 120), k=40))
    await fill(bus, events)
    await fill(bus, samples, "tel.gpu.c.n")
    await put(bus, "tel.other.c.n", 60)
    window = Window(at(20), at(110))
    async with Replay(log, window, telemetry=("tel.gpu.>",)) as replay:
        taken = await take_all(replay)
    found = [(float(each.data), int(each.subject.startswith("tel."))) for each in taken]
    inside = [(moment, 0) for moment in events] + [(moment, 1) for moment in samples]
    assert found == sorted(each for each in inside if 20 <= each[0] < 110)


async def test_one_may_go_forth_and_back(bus: Bus, log: EventLog) -> None:
    await fill(bus, range(0, 40, 2))
    await fill(bus, range(1, 40, 2), "tel.gpu.c.n")
    async with Replay(log, Window(at(5), at(30)), telemetry=("tel.>",)) as replay:
        for moment, first in ((25.5, 26), (8, 8), (-100, 5), (29, 29)):
            await replay.take(3)
            await replay.seek(at(moment))
            left = [float(each.data) for each in await take_all(replay)]
            assert left == list(range(first, 30))
        await replay.seek(at(30))
        assert await replay.take() == []


async def test_filters_are_those_of_the_log(log: EventLog) -> None:
    await store(log, builders.registered(id=CLUSTER_ID))
    await store(log, builders.fired(cluster_id=CLUSTER_ID))
    await store(log, builders.fired(cluster_id=OTHER_CLUSTER_ID))
    await store(log, builders.resolved(cluster_id=OTHER_CLUSTER_ID, fingerprint="ab" * 8))
    mine, other = str(CLUSTER_ID), str(OTHER_CLUSTER_ID)

    async def found(filters: tuple[str, ...]) -> list[int]:
        async with Replay(log, Window(), filters) as replay:
            return [each.sequence for each in await take_all(replay)]

    assert await found(event_filters()) == [1, 2, 3, 4]
    assert await found(event_filters([mine])) == [1, 2]
    assert await found(event_filters([mine, other], [AlertFired])) == [2, 3]
    assert await found(event_filters(types=[ClusterRegistered, AlertResolved])) == [1, 4]
    assert await found(event_filters(["-"])) == []
    many = [f"c{number}" for number in range(60)]
    assert await found(event_filters([mine, *many], [AlertFired, AlertResolved])) == [1, 2]
    assert await found(event_filters([mine, *many, *map(str, range(60))])) == [1, 2, 3, 4]


async def test_where_the_log_has_aged_out_is_told(bus: Bus, log: EventLog) -> None:
    await fill(bus, [0, 1, 2, 3])
    async with Replay(log, Window(at(-5))) as replay:
        assert replay.extent.whole_from is None
    await bus.api("STREAM.PURGE.EVT", {"seq": 3})
    log.facts_age = timedelta(days=100_000)
    async with Replay(log, Window(at(0))) as replay:
        assert replay.extent.whole_from == at(2)
        assert [float(each.data) for each in await take_all(replay)] == [2, 3]
    async with Replay(log, Window(at(2))) as replay:
        assert replay.extent.whole_from is None
    await bus.api("STREAM.PURGE.EVT")
    assert await bodies(log, Window(at(0))) == []


async def test_facts_that_have_aged_out_among_what_stays_are_told(bus: Bus, log: EventLog) -> None:
    await fill(bus, [0, 1, 2])
    await bus.api("STREAM.MSG.DELETE.EVT", {"seq": 2})
    async with Replay(log, Window(at(0))) as replay:
        stream = await bus.api("STREAM.INFO.EVT")
        whole = replay.extent.whole_from
        assert whole is not None
        assert log_time(stream["ts"]) - log.facts_age - whole < timedelta(minutes=1)
        assert [float(each.data) for each in await take_all(replay)] == [0, 2]


async def test_what_expires_while_it_is_read_does_not_hold_it_up(bus: Bus, log: EventLog) -> None:
    await fill(bus, range(20))
    async with Replay(log, Window(at(0), at(19))) as replay:
        assert len(await replay.take(5)) == 5
        await replay.seek(at(10))
        await bus.api("STREAM.PURGE.EVT")
        await take_all(replay)


async def test_leaving_early_leaves_no_consumer_behind(bus: Bus, log: EventLog) -> None:
    await fill(bus, range(50))
    await fill(bus, range(50), "tel.gpu.c.n")
    async with Replay(log, Window(), telemetry=("tel.>",)) as replay:
        await replay.take(5)
        await replay.seek(at(20))
        await replay.take(5)
        assert bus.reconnects
    assert not bus.reconnects
    for stream in (streams.EVENTS, streams.TELEMETRY):
        assert (await bus.api(f"CONSUMER.LIST.{stream}"))["total"] == 0


async def test_it_goes_on_where_it_was_when_the_bus_was_away(tmp_path: Path) -> None:
    with running_nats(tmp_path) as server:
        settings = Settings(data_dir=tmp_path, nats=NatsSettings(url=server.url))
        bus = await buses.connect(settings.nats, "test")
        await wipe(bus, settings)
        log = EventLog(bus, timedelta(days=1))
        await fill(bus, range(3000))
        async with Replay(log, Window()) as replay:
            found = await replay.take(100)
            server.stop()
            await until(lambda: not bus.connected)
            server.start()
            while len(found) < 3000:
                try:
                    found += await replay.take(500)
                except BusUnavailable:
                    await until(lambda: bus.connected)
            assert await replay.take() == []
        assert [float(each.data) for each in found] == list(range(3000))
        await bus.close()
