"""What a client of the UI asks for while it is connected: more, less, and history."""

import pytest

from tests.gateway.clients.balancer import balancing
from tests.gateway.clients.peers import Peer, find, typescript
from tests.kit.live import Frame, Stream, alerts

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

BEGIN = "2026-01-01T00:00:00Z"


async def next_events(client: Peer, count: int) -> list[Frame]:
    return [await find(client, "event") for _ in range(count)]


async def test_a_subscription_comes_and_goes_over_lost_connections(stream: Stream) -> None:
    await stream.fire(*alerts(3))
    async with balancing(stream) as balancer, typescript(balancer.url, {"news": {}}) as client:
        await find(client, "caught_up")
        await client.call("subscribe", "past", {"since_sequence": 0})
        seen = await next_events(client, 3)
        assert [(each["sequence"], each["subscriptions"]) for each in seen] == [
            (1, ["past"]),
            (2, ["past"]),
            (3, ["past"]),
        ]
        await find(client, "caught_up")
        balancer.cut()
        for _ in range(2):
            await find(client, "caught_up")
        await stream.fire(*alerts(1, 50))
        (seen,) = await next_events(client, 1)
        assert (seen["sequence"], sorted(seen["subscriptions"])) == (4, ["news", "past"])
        await client.call("unsubscribe", "past")
        balancer.cut()
        await stream.fire(*alerts(2, 60))
        assert [
            (each["sequence"], each["subscriptions"]) for each in await next_events(client, 2)
        ] == [
            (5, ["news"]),
            (6, ["news"]),
        ]
        assert await client.call("positions") == {"news": 6}


async def test_history_is_played_and_steered_beside_what_is_live(stream: Stream) -> None:
    await stream.fire(*alerts(4))
    async with balancing(stream) as balancer, typescript(balancer.url, {"news": {}}) as client:
        await find(client, "caught_up")
        assert await client.call("replay", {"id": "all", "from": BEGIN, "speed": "max"})
        seen = await next_events(client, 4)
        assert [(each["sequence"], each["replayed"]) for each in seen] == [
            (1, True),
            (2, True),
            (3, True),
            (4, True),
        ]
        while (await find(client, "replay_state"))["state"] != "ended":
            pass
        assert await client.call("replay", {"id": "slow", "from": BEGIN, "speed": 1})
        assert (await find(client, "replay_state"))["state"] == "playing"
        await client.call("controlReplay", "slow", {"action": "stop"})
        while (await find(client, "replay_state"))["state"] != "stopped":
            pass
        await stream.fire(*alerts(1, 50))
        now = await find(client, "event")
        assert (now["sequence"], now.get("replayed")) == (5, None)
        assert await client.call("positions") == {"news": 5}
