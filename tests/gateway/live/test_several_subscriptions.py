"""Several subscriptions over one connection: each sees its events once and in order."""

from random import Random
from typing import Any

import pytest

from contracts.clusters import ClusterRegistered
from gateway.live.subscriptions import MOST
from services.runtime.log import EventLog
from tests.gateway.live.judging import HERE, THERE, Player, fire
from tests.kit import builders
from tests.kit.live import Client, Frame, Stream, serving
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def begin(client: Client, name: str | None, **subscription: Any) -> Frame:
    """Subscribe under an id, until the subscription is live; gives what said so."""
    told = {} if name is None else {"id": name}
    await client.say(type="subscribe", subscription=subscription, **told)
    assert (await client.find("subscribed"))["id"] == name
    return await client.find("caught_up")


async def test_what_two_of_them_want_comes_once(stream: Stream) -> None:
    async with stream.client() as client:
        await begin(client, "here", cluster_filter=[HERE])
        await begin(client, "alerts", event_types=["ALERT_FIRED"])
        await begin(client, None, cluster_filter=[THERE])
        await fire(stream, 0, HERE, THERE, HERE)
        assert await client.until_sequence(3) == [1, 2, 3]
        await client.quiet()


async def test_a_new_one_is_brought_to_where_the_others_stand(stream: Stream) -> None:
    await fire(stream, 0, HERE, THERE, HERE, THERE)
    async with stream.client() as client:
        assert (await begin(client, "here", cluster_filter=[HERE], since_sequence=0))[
            "sequence"
        ] == 4
        assert client.sequences == [1, 3]
        assert (await begin(client, "there", cluster_filter=[THERE], since_sequence=0))[
            "sequence"
        ] == 4
        assert client.sequences == [1, 3, 2, 4]
        await fire(stream, 10, THERE, HERE)
        assert await client.until_sequence(6) == [1, 3, 2, 4, 5, 6]


async def test_one_is_ended_by_its_id_and_the_others_go_on(stream: Stream) -> None:
    async with stream.client() as client:
        await begin(client, "here", cluster_filter=[HERE])
        await begin(client, "there", cluster_filter=[THERE])
        await client.say(type="unsubscribe", id="here")
        await client.quiet()
        await fire(stream, 0, HERE, THERE)
        assert await client.until_sequence(2) == [2]


async def test_types_are_taken_out_of_all_of_them(stream: Stream) -> None:
    async with stream.client() as client:
        await begin(client, "here", cluster_filter=[HERE])
        await begin(client, "alerts", event_types=["ALERT_FIRED"])
        await client.say(type="unsubscribe", event_types=["ALERT_FIRED"])
        answer = await client.find("subscribed")
        assert answer["id"] == "here"
        assert "ALERT_FIRED" not in answer["event_types"]
        await client.find("caught_up")
        await client.say(type="unsubscribe", id="alerts")
        assert (await client.next())["code"] == "INVALID_SUBSCRIPTION"
        await fire(stream, 0, HERE)
        await store(stream.log, builders.registered())
        assert await client.until_sequence(2) == [2]
        assert client.events[0]["event_type"] == ClusterRegistered.names.public


async def test_without_id_and_types_all_are_ended(stream: Stream) -> None:
    async with stream.client() as client:
        await begin(client, "here", cluster_filter=[HERE])
        await begin(client, None)
        await client.say(type="unsubscribe")
        await client.quiet()
        await fire(stream, 0, HERE)
        await client.quiet()


async def test_there_are_only_so_many(stream: Stream) -> None:
    async with stream.client() as client:
        for number in range(MOST):
            await client.say(type="subscribe", id=f"s{number}")
        await client.say(type="subscribe", id="one too many")
        error = await until_error(client)
        while error["code"] == "RATE_LIMITED":
            await client.say(type="subscribe", id="one too many")
            error = await until_error(client)
        assert (error["code"], error["id"]) == ("LIMIT_REACHED", "one too many")


async def until_error(client: Client) -> Frame:
    while (frame := await client.next())["type"] != "error":
        assert frame["type"] in {"subscribed", "caught_up", "event"}
    return frame


async def test_thousands_of_subscriptions_on_one_socket_harm_nobody(stream: Stream) -> None:
    async with stream.client(close_timeout=0.1) as greedy, stream.client() as other:
        for number in range(10_000):
            await greedy.say(type="subscribe", id=f"s{number}")
        await begin(other, None)
        await fire(stream, 0, HERE)
        assert await other.until_sequence(1) == [1]
        assert (await until_error(greedy))["code"] in {"RATE_LIMITED", "LIMIT_REACHED"}


async def test_one_that_has_expired_leaves_the_others(stream: Stream) -> None:
    await fire(stream, 0, HERE, HERE, HERE)
    await stream.log.bus.api("STREAM.PURGE.EVT", {"seq": 3})
    stream.tail.ring.start(3)
    async with stream.client() as client:
        await begin(client, "good")
        await client.say(type="subscribe", id="old", subscription={"since_sequence": 1})
        error = await client.find("error")
        assert (error["code"], error["id"]) == ("RESUME_EXPIRED", "old")
        assert error["oldest_sequence"] == 3
        await fire(stream, 10, HERE)
        assert await client.until_sequence(4) == [4]


@pytest.mark.parametrize("seed", range(4))
async def test_any_mixture_loses_and_repeats_nothing(log: EventLog, seed: int) -> None:
    chance = Random(seed)
    ring = chance.choice((16, 40, 1000))
    async with serving(log, ring=ring) as stream, stream.client() as client:
        await Player(stream, client, chance).play(40)


async def test_a_replay_is_played_beside_a_subscription(stream: Stream) -> None:
    await fire(stream, 0, HERE, THERE)
    async with stream.client() as client:
        await begin(client, "live")
        await client.say(type="replay", id="again", speed="max", **{"from": "2020-01-01T00:00:00Z"})
        while (frame := await client.next()).get("state") != "ended":
            assert frame["type"] in {"replay_state", "event"}
        assert [(each["sequence"], each["replayed"]) for each in client.events] == [
            (1, True),
            (2, True),
        ]
        await fire(stream, 10, HERE)
        await client.until_sequence(3)
        assert "replayed" not in client.events[-1]
