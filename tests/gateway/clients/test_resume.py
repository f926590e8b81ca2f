"""Every event once and in order, whichever gateway answers and whatever breaks in between."""

import asyncio
from random import Random

import pytest

from contracts.alerts import AlertFired
from services.runtime.log import EventLog
from services.runtime.settings import GatewaySettings
from tests.gateway.clients.balancer import balancing
from tests.gateway.clients.conftest import Open
from tests.gateway.clients.peers import Peer, find, sequences
from tests.kit.live import Frame, Stream, alerts, serving
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

ALL = {"all": {"since_sequence": 0}}
LIVES = (500, 2_000, 5_000, 20_000, 150_000)
"""Bytes that connections live for: most too few for a batch, one for more than that."""


async def test_what_was_missed_comes_first_then_what_is_live(stream: Stream, peer: Open) -> None:
    await stream.fire(*alerts(20))
    async with balancing(stream) as balancer, peer(balancer.url, ALL) as client:
        assert await sequences(client, 20) == list(range(1, 21))
        assert await client.next() == {"type": "caught_up", "id": "all", "sequence": 20}
        await stream.fire(*alerts(2, 50))
        event = await client.next()
        assert (event["type"], event["subscriptions"]) == ("event", ["all"])
        assert event["payload"]["alert"]["fingerprint"] == f"{50:016x}"
        assert await client.call("positions") == {"all": 21}
        assert await sequences(client, 22) == [22]


async def test_a_restarted_gateway_loses_nothing(log: EventLog, peer: Open) -> None:
    async with balancing() as balancer, peer(balancer.url, {"all": {}}) as client:
        async with serving(log) as before:
            balancer.streams = [before]
            await find(client, "caught_up")
            await before.fire(*alerts(5))
            assert await sequences(client, 5) == [1, 2, 3, 4, 5]
        balancer.streams = []
        lost = await client.next()
        assert (lost["type"], lost["reason"], lost["seconds"]) == ("reconnecting", "restart", 1.5)
        async with serving(log) as after:
            await after.fire(*alerts(5, 100))
            balancer.streams = [after]
            assert await sequences(client, 10) == [6, 7, 8, 9, 10]


async def test_who_lets_everything_pass_goes_on_from_there(log: EventLog, peer: Open) -> None:
    """Without it a client of a quiet cluster would have the whole log read for it once more."""
    quiet = {"quiet": {"since_sequence": 0, "event_types": ["CLUSTER_DELETED"]}}
    async with balancing() as balancer, serving(log, ring=40) as stream:
        balancer.streams = [stream]
        async with peer(balancer.url, quiet) as client:
            await find(client, "caught_up")
            await stream.fire(*alerts(25))
            waiting = asyncio.create_task(client.next())  # It reads only while somebody waits.
            await until(lambda: all(guest.about().sent >= 4 for guest in stream.live.guests))
            for guest in list(stream.live.guests):
                guest.cut()
            assert (await waiting)["type"] == "reconnecting"
            assert (await client.call("positions"))["quiet"] in range(10, 26)


@pytest.mark.parametrize("seed", range(2))
async def test_two_gateways_and_random_cuts_lose_and_repeat_nothing(
    log: EventLog, peer: Open, seed: int
) -> None:
    chance, total = Random(seed), 600
    async with (
        serving(log, ring=40) as one,
        serving(log, ring=40) as other,
        balancing(one, other) as balancer,
        peer(balancer.url, ALL, batch=seed % 2 == 0) as client,
    ):
        balancer.allowance = lambda: chance.choice(LIVES)
        writing = asyncio.ensure_future(write(one, Random(seed), total))
        assert await sequences(client, total) == list(range(1, total + 1))
        await writing
        assert balancer.connections > 5


async def write(stream: Stream, chance: Random, total: int) -> None:
    start = 0
    while start < total:
        count = min(chance.choice((1, 1, 5, 60)), total - start)
        await stream.fire(*alerts(count, start))
        start += count
        await asyncio.sleep(chance.choice((0, 0, 0.01)))


async def test_subscriptions_go_on_each_from_where_it_is(log: EventLog, peer: Open) -> None:
    wanted = {
        "berlin": {"namespace_filter": ["berlin"], "since_sequence": 2},
        "paris": {"namespace_filter": ["paris"], "since_sequence": 0},
    }
    async with (
        serving(log) as one,
        serving(log) as other,
        balancing(one, other) as balancer,
        peer(balancer.url, wanted) as client,
    ):
        await one.fire(*towns(0))
        seen = await by_town(client, 4)
        assert seen == {"berlin": [3], "paris": [2, 4]}
        for turn in range(1, 4):
            balancer.cut()
            await one.fire(*towns(turn))
            seen = await by_town(client, 4 * (turn + 1))
            first = 4 * turn
            assert seen == {"berlin": [first + 1, first + 3], "paris": [first + 2, first + 4]}


@pytest.mark.parametrize("seed", range(2))
async def test_every_subscription_gets_its_events_once_and_in_order(
    log: EventLog, peer: Open, seed: int
) -> None:
    chance, turns = Random(seed), 40
    begin = {"since_sequence": 0}
    wanted = {"all": begin, "berlin": {"namespace_filter": ["berlin"], **begin}}
    seen: dict[str, list[int]] = {"all": [], "berlin": []}
    async with (
        serving(log, ring=20) as one,
        serving(log, ring=20) as other,
        balancing(one, other) as balancer,
        peer(balancer.url, wanted, batch=seed % 2 == 0) as client,
    ):
        balancer.allowance = lambda: chance.choice(LIVES)

        async def write() -> None:
            for turn in range(turns):
                await one.fire(*towns(turn))
                await asyncio.sleep(chance.choice((0, 0, 0.02)))
                if turn == turns // 2:
                    await one.live.shutdown()
                    balancer.streams = [other]

        writing = asyncio.ensure_future(write())
        while seen["all"][-1:] != [4 * turns] or seen["berlin"][-1:] != [4 * turns - 1]:
            item = await client.next()
            for name in whose(item):
                seen[name].append(item["sequence"])
        await writing
    assert seen["all"] == list(range(1, 4 * turns + 1))
    assert seen["berlin"] == list(range(1, 4 * turns, 2))


def whose(item: Frame) -> list[str]:
    """The subscriptions that an item counts for."""
    if item["type"] != "event":
        return []
    town = item["payload"]["alert"]["labels"]["namespace"]
    return [name for name in item["subscriptions"] if name in {"all", town}]


def towns(turn: int) -> list[AlertFired]:
    """Four alerts, by turns of both towns."""
    both = [("berlin", 1), ("paris", 2), ("berlin", 3), ("paris", 4)]
    return [
        alert
        for town, place in both
        for alert in alerts(1, 10 * turn + place, labels={"alertname": "A", "namespace": town})
    ]


async def by_town(client: Peer, last: int) -> dict[str, list[int]]:
    """The sequences up to this one that came, by the namespace that they are of."""
    seen: dict[str, list[int]] = {"berlin": [], "paris": []}
    while sum(len(each) for each in seen.values()) == 0 or seen["paris"][-1:] != [last]:
        item = await client.next()
        if item["type"] == "event":
            town = item["payload"]["alert"]["labels"]["namespace"]
            assert town in item["subscriptions"]
            seen[town].append(item["sequence"])
    return seen


async def test_a_client_that_takes_nothing_for_long_misses_nothing(
    log: EventLog, peer: Open
) -> None:
    large, total = {"summary": "x" * 20_000}, 400
    impatient = GatewaySettings(slow_client_seconds=0.5)
    async with (
        serving(log, ring=16, gateway=impatient) as stream,
        balancing(stream) as balancer,
        peer(balancer.url, {"all": {}}, batch=False) as client,
    ):
        await find(client, "caught_up")
        await stream.fire(*alerts(total, annotations=large))
        await until(lambda: stream.live.clients == 0)
        assert await sequences(client, total) == list(range(1, total + 1))
        assert balancer.connections > 1


async def test_what_has_left_the_log_is_told_and_one_may_go_on(stream: Stream, peer: Open) -> None:
    await stream.fire(*alerts(30))
    await stream.log.bus.api("STREAM.PURGE.EVT", {"seq": 21})
    stream.tail.ring.start(30)
    wanted = {"all": {"since_sequence": 5}}
    async with balancing(stream) as balancer, peer(balancer.url, wanted) as client:
        for _ in range(2):
            told = await client.next()
            assert (told["type"], told["name"]) == ("refused", "ResumeExpired")
            assert (told["subscription"], told["oldest"]) == ("all", 21)
        await client.call("resume", "all", 25)
        assert await sequences(client, 30) == [26, 27, 28, 29, 30]


async def test_after_all_is_lost_one_may_go_on_with_the_news(stream: Stream, peer: Open) -> None:
    await stream.fire(*alerts(3))
    wanted = {"all": {"since_sequence": 99}}
    async with balancing(stream) as balancer, peer(balancer.url, wanted) as client:
        assert (await client.next())["name"] == "ResumeExpired"
        await client.call("resume", "all", None)
        assert (await client.next())["sequence"] == 3
        await stream.fire(*alerts(1, 50))
        assert await sequences(client, 4) == [4]
