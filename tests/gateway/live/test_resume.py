"""A client that comes back gets every event once, in order, then goes live."""

import asyncio
from random import Random

import pytest

from contracts.envelope import rfc3339
from gateway.live.ending import RESTARTING
from services.runtime.context import log_time
from services.runtime.log import EventLog
from tests.kit.live import Client, Stream, alerts, serving
from tests.kit.runtime import eventually, store, until
from tests.kit.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def caught_up(client: Client, since: int) -> int:
    await client.subscribe(since_sequence=since)
    return (await client.find("caught_up"))["sequence"]


async def test_resume_from_within_the_ring(stream: Stream) -> None:
    await stream.fire(*alerts(20))
    async with stream.client() as client:
        assert await caught_up(client, 5) == 20
        assert client.sequences == list(range(6, 21))
        await stream.fire(*alerts(2, 50))
        assert await client.until_sequence(22) == list(range(6, 23))


async def test_resume_from_before_the_ring_and_before_the_start(log: EventLog) -> None:
    async with serving(log) as before:
        await before.fire(*alerts(700))
    async with serving(log, ring=16) as stream:
        await stream.fire(*alerts(200, 1000))
        async with stream.client() as client:
            assert (await client.subscribe(since_sequence=0))["sequence"] == 0
            assert await client.until_sequence(900) == list(range(1, 901))
            await client.find("caught_up")
            await stream.fire(*alerts(3, 5000))
            assert await client.until_sequence(903) == list(range(1, 904))


async def test_without_a_sequence_only_news_come(stream: Stream) -> None:
    await stream.fire(*alerts(5))
    await until(lambda: stream.tail.ring.last == 5)
    async with stream.client() as client:
        assert (await client.subscribe())["sequence"] == 5
        assert (await client.find("caught_up"))["sequence"] == 5
        await stream.fire(*alerts(1, 10))
        assert await client.until_sequence(6) == [6]


async def test_what_was_filtered_away_counts_as_seen(log: EventLog) -> None:
    async with serving(log, ring=16) as stream:
        await stream.fire(*alerts(600))
        async with stream.client() as client:
            await client.subscribe(since_sequence=0, event_types=["CLUSTER_DELETED"])
            assert (await client.find("caught_up"))["sequence"] == 600
            assert client.events == []


async def test_now_and_then_it_is_told_how_far_what_was_filtered_away_reaches(
    log: EventLog,
) -> None:
    async with serving(log, ring=40) as stream, stream.client() as client:
        await client.subscribe(since_sequence=0, event_types=["CLUSTER_DELETED"])
        await client.find("caught_up")
        for start in (0, 10):
            await stream.fire(*alerts(10, start))
            assert (await client.next()) == {"type": "position", "sequence": start + 10}
        await stream.fire(*alerts(9, 20))
        await until(lambda: stream.tail.ring.last == 29)
        await client.say(type="ping")
        assert (await client.next())["type"] == "pong", "it is told once in a quarter of the ring"


@pytest.mark.parametrize("seed", range(4))
async def test_random_disconnects_lose_and_repeat_nothing(log: EventLog, seed: int) -> None:
    chance, total = Random(seed), 1500
    async with serving(log, ring=40) as stream:

        async def write() -> None:
            start = 0
            while start < total:
                count = min(chance.choice((1, 1, 5, 60)), total - start)
                await stream.fire(*alerts(count, start))
                start += count
                await asyncio.sleep(chance.choice((0, 0, 0.01)))

        async def listen() -> list[int]:
            seen: list[int] = []
            while not seen or seen[-1] < total:
                async with stream.client() as client:
                    await client.subscribe(since_sequence=seen[-1] if seen else 0)
                    stay = chance.choice((1, 10, 100, 400))
                    while len(client.events) < stay and (seen + client.sequences)[-1:] != [total]:
                        await client.next()
                    seen += client.sequences
                await asyncio.sleep(chance.choice((0, 0.02, 0.1)))
            return seen

        results = await asyncio.gather(write(), *(listen() for _ in range(5)))
        for seen in results[1:]:
            assert seen == list(range(1, total + 1))


async def test_a_position_that_has_left_the_log_is_told(stream: Stream) -> None:
    await stream.fire(*alerts(30))
    await stream.log.bus.api("STREAM.PURGE.EVT", {"seq": 21})
    stream.tail.ring.start(30)
    async with stream.client() as client:
        await client.say(type="subscribe", id="s", subscription={"since_sequence": 19})
        code, frames = await client.closed()
        assert (code, frames[0]["code"], frames[0]["id"]) == (4410, "RESUME_EXPIRED", "s")
        assert frames[0]["oldest_sequence"] == 21
    async with stream.client() as client:
        assert await caught_up(client, 20) == 30
        assert client.sequences == list(range(21, 31))


async def test_facts_that_have_aged_out_among_what_stays_are_told(stream: Stream) -> None:
    await stream.fire(*alerts(5))
    await until(lambda: stream.tail.ring.last == 5)
    stream.tail.ring.start(5)
    await stream.log.bus.api("STREAM.MSG.DELETE.EVT", {"seq": 3, "no_erase": True})
    async with stream.client() as client:
        await client.say(type="subscribe", subscription={"since_sequence": 2})
        code, frames = await client.closed()
        assert (code, frames[0]["code"], frames[0]["oldest_sequence"]) == (
            4410,
            "RESUME_EXPIRED",
            1,
        )


async def test_a_client_that_is_sent_away_goes_on_after_what_it_got(log: EventLog) -> None:
    async with serving(log) as stream:
        for start in range(0, 3_000, 500):
            await stream.fire(*alerts(500, start))
        await until(lambda: stream.tail.ring.last == 3_000)
        async with stream.client() as client:
            await client.subscribe(since_sequence=0)
            await client.until_sequence(100)
            for guest in list(stream.live.guests):
                guest.end(RESTARTING)
            _, frames = await client.closed()
            assert frames[-1]["resume_sequence"] == client.sequences[-1]


async def test_a_client_of_another_installation_is_told(stream: Stream) -> None:
    await stream.fire(*alerts(3))
    async with stream.client() as client:
        await client.say(type="subscribe", subscription={"since_sequence": 4})
        code, frames = await client.closed()
        assert (code, frames[0]["code"]) == (4410, "RESUME_EXPIRED")


async def test_resume_from_a_time(stream: Stream) -> None:
    await stream.fire(*alerts(3))
    await stream.fire(*alerts(4, 10))
    await until(lambda: stream.tail.ring.last == 7)
    fourth = await stream.log.at(4)
    assert fourth is not None
    async with stream.client() as client:
        since = rfc3339(log_time(fourth.time))
        await client.say(type="subscribe", subscription={"since_time": since})
        assert (await client.find("subscribed"))["sequence"] == 3
        await client.find("caught_up")
        assert client.sequences == [4, 5, 6, 7]


async def test_a_time_before_the_log_is_told_if_events_are_gone(stream: Stream) -> None:
    await stream.fire(*alerts(30))
    async with stream.client() as client:
        await client.subscribe(since_time="1970-01-01T00:00:00Z")
        await client.find("caught_up")
        assert client.sequences == list(range(1, 31))
    await stream.log.bus.api("STREAM.PURGE.EVT", {"seq": 21})
    async with stream.client() as client:
        await client.say(type="subscribe", subscription={"since_time": "1970-01-01T00:00:00Z"})
        code, frames = await client.closed()
        assert (code, frames[0]["code"], frames[0]["oldest_sequence"]) == (
            4410,
            "RESUME_EXPIRED",
            21,
        )


async def test_expired_events_in_between_are_passed_over(log: EventLog) -> None:
    async with serving(log, ring=16) as stream:
        await stream.fire(*alerts(100))
        for sequence in (*range(2, 40), *range(60, 85)):
            await log.bus.api("STREAM.MSG.DELETE.EVT", {"seq": sequence, "no_erase": True})
        left = [1, *range(40, 60), *range(85, 101)]
        async with stream.client() as client:
            assert await caught_up(client, 0) == 100
            assert client.sequences == left


async def test_clients_stay_and_go_on_when_the_bus_was_away(
    nats_server: Server, log: EventLog
) -> None:
    async with serving(log, ring=16) as stream:
        await stream.fire(*alerts(100))
        async with stream.client() as live, stream.client() as late:
            await caught_up(live, 0)
            nats_server.restart()
            await live.quiet()
            await late.say(type="subscribe", subscription={"since_sequence": 10})
            await store(stream.log, *alerts(1, 500))  # waits for the bus
            await stream.fire(*alerts(50, 600))
            assert await live.until_sequence(151) == list(range(1, 152))
            assert await late.until_sequence(151) == list(range(11, 152))


async def test_who_is_far_behind_has_a_reader_of_its_own_for_so_long(log: EventLog) -> None:
    async def resume(stream: Stream, since: int) -> list[int]:
        async with stream.client() as client:
            await caught_up(client, since)
            return client.sequences

    async def readers() -> int:
        return (await log.bus.api("STREAM.INFO.EVT"))["state"]["consumer_count"]

    async with serving(log) as before:
        for start in range(0, 2_100, 700):
            await before.fire(*alerts(700, start))
    async with serving(log, ring=16) as stream:
        stream.tail.ahead = 1
        of_the_tail = await readers()
        everybody = await asyncio.gather(*(resume(stream, 7) for _ in range(2)))
        assert all(sequences == list(range(8, 2_101)) for sequences in everybody)
        async with stream.client() as gone:
            await gone.subscribe(since_sequence=0)

        async def none_left() -> bool:
            return await readers() == of_the_tail

        await eventually(none_left)
