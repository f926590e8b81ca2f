"""How the clients log in, wait, look after the line, and end."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.server import ServerConnection, serve

from gateway.clients.python.aiops_live import Item, LiveStream
from tests.gateway.clients.balancer import balancing
from tests.gateway.clients.conftest import Open
from tests.gateway.clients.peers import find, sequences
from tests.kit.live import ADMIN, Frame, Stream, alerts
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

NEWS: dict[str, Frame] = {"all": {}}


async def test_a_wrong_token_is_told_and_another_one_tried(stream: Stream, peer: Open) -> None:
    async with balancing(stream) as balancer, peer(balancer.url, NEWS, token="wrong") as client:
        told = await client.next()
        assert (told["type"], told["name"], told["code"]) == (
            "refused",
            "AuthFailed",
            "AUTH_FAILED",
        )
        await client.call("token", ADMIN)
        assert (await client.next())["type"] == "caught_up"


@pytest.mark.parametrize("token", [None, ADMIN])
async def test_a_session_counts_with_a_token_or_without(
    stream: Stream, peer: Open, token: str | None
) -> None:
    cookie = f"aiops_session={ADMIN}"
    async with (
        balancing(stream) as balancer,
        peer(balancer.url, NEWS, token=token, cookie=cookie) as client,
    ):
        assert (await client.next())["type"] == "caught_up"
        await stream.fire(*alerts(1))
        assert await sequences(client, 1) == [1]


async def test_what_cannot_be_subscribed_to_is_told(stream: Stream, peer: Open) -> None:
    wanted = {"good": {}, "odd": {"event_types": ["NO_SUCH_EVENT"]}}
    async with balancing(stream) as balancer, peer(balancer.url, wanted) as client:
        while (told := await client.next())["type"] != "refused":
            assert told["type"] == "caught_up"
        assert (told["code"], told["subscription"]) == ("INVALID_SUBSCRIPTION", "odd")


async def test_tries_are_ever_farther_apart_until_one_succeeds(stream: Stream, peer: Open) -> None:
    async with balancing() as balancer, peer(balancer.url, NEWS) as client:
        tries = [await client.next() for _ in range(8)]
        assert {each["type"] for each in tries} == {"reconnecting"}
        assert [each["seconds"] for each in tries] == [1, 2, 4, 8, 16, 30, 30, 30]
        balancer.streams = [stream]
        await find(client, "caught_up")
        balancer.streams = []
        balancer.cut()
        assert [(await client.next())["seconds"] for _ in range(3)] == [1, 2, 4]


async def test_a_line_that_has_gone_dead_is_left(stream: Stream, peer: Open) -> None:
    await stream.fire(*alerts(3))
    options = {"quiet": 0.2, "answer": 0.2}
    wanted = {"all": {"since_sequence": 0}}
    async with balancing(stream) as balancer, peer(balancer.url, wanted, **options) as client:
        assert await sequences(client, 3) == [1, 2, 3]
        await find(client, "caught_up")
        balancer.holding = True
        await stream.fire(*alerts(2, 50))
        await find(client, "reconnecting")
        balancer.holding = False
        assert await sequences(client, 5) == [4, 5]


async def test_the_end_ends_a_client_that_waits(stream: Stream, peer: Open) -> None:
    async with balancing(stream) as balancer, peer(balancer.url, NEWS) as client:
        await find(client, "caught_up")
        waiting = asyncio.ensure_future(client.next())
        await client.call("close")
        assert (await waiting)["type"] == "done"
        assert (await client.next())["type"] == "done"
        await until(lambda: stream.live.clients == 0)


async def items_in_a_hurry(client: LiveStream) -> AsyncGenerator[Item]:
    """The items for somebody who waits for each as shortly as one can, again and again."""
    async with asyncio.timeout(20):
        while True:
            try:
                yield await asyncio.wait_for(anext(client), 0.005)
            except TimeoutError:
                continue


async def test_who_waits_shortly_comes_back_all_the_same(stream: Stream) -> None:
    pauses: list[float] = []
    over = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await over.wait()

    async with (
        balancing() as balancer,
        LiveStream(balancer.url, {"all": {}}, token=ADMIN, sleep=pause) as client,
    ):
        items = items_in_a_hurry(client)
        assert (await anext(items))["type"] == "reconnecting"
        balancer.streams = [stream]
        following = asyncio.ensure_future(anext(items))
        await until(lambda: bool(pauses))
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(following), 0.02)
        over.set()
        assert (await following)["type"] == "caught_up"
        assert len(pauses) == 1


async def test_who_waits_shortly_asks_a_silent_hub_all_the_same() -> None:
    frames: list[Frame] = [{"type": "subscribed", "id": "all", "sequence": 5}]
    async with (
        scripted(*frames) as hub,
        LiveStream(hub.url, {"all": {}}, token=ADMIN, quiet=0.05) as client,
    ):
        waiting = asyncio.ensure_future(anext(items_in_a_hurry(client)))
        await until(lambda: hub.pings >= 2)
        waiting.cancel()
        assert len(hub.wanted) == 1


async def test_the_end_ends_a_try_that_nobody_waits_for(stream: Stream) -> None:
    async with balancing() as balancer:
        client = LiveStream(balancer.url, {"all": {}}, token=ADMIN)
        assert (await anext(client))["type"] == "reconnecting"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(client), 0.005)
        balancer.streams = [stream]
        await client.close()
        assert [item async for item in client] == []
        assert stream.live.clients == 0


@dataclass
class Hub:
    """Says these frames to whoever subscribes, and answers pings."""

    frames: Sequence[Frame]
    told: list[Frame] = field(default_factory=list[Frame])
    url: str = ""

    @property
    def wanted(self) -> list[Frame]:
        """The subscriptions that it was asked for."""
        return [frame["subscription"] for frame in self.told if frame["type"] == "subscribe"]

    @property
    def pings(self) -> int:
        return sum(frame["type"] == "ping" for frame in self.told)

    async def speak(self, socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "auth_response"}))
        async for text in socket:
            frame: Frame = json.loads(text)
            self.told.append(frame)
            answers = {"subscribe": self.frames, "ping": [{"type": "pong"}]}
            for answer in answers.get(frame["type"], []):
                await socket.send(json.dumps(answer))


@asynccontextmanager
async def scripted(*frames: Frame) -> AsyncGenerator[Hub]:
    """A hub that says these frames."""
    hub = Hub(frames)
    async with serve(hub.speak, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        hub.url = f"ws://127.0.0.1:{port}/ws"
        yield hub


def event(sequence: int | None) -> Frame:
    return {"type": "event", "event_type": "GPU_UPDATE", "sequence": sequence}


async def test_batches_telemetry_and_what_was_left_out_come_as_they_are(peer: Open) -> None:
    frames: list[Frame] = [
        {"type": "subscribed", "id": "all", "sequence": 5},
        {"type": "events", "events": [event(6), event(None), event(7)]},
        {"type": "caught_up", "id": "all", "sequence": 9},
        {"type": "conflated", "event_type": "GPU_UPDATE", "count": 3},
        {"type": "what_a_newer_hub_says"},
        event(10),
    ]
    async with scripted(*frames) as hub, peer(hub.url, NEWS) as client:
        items = [await client.next() for _ in range(6)]
        assert [item.get("sequence") for item in items] == [6, None, 7, 9, None, 10]
        assert items[4] == frames[3]
        assert await client.call("positions") == {"all": 10}
        assert hub.told[-1] == {"type": "subscribe", "id": "all", "batch": True, "subscription": {}}


async def test_a_goodbye_says_when_to_come_back_and_from_where(peer: Open) -> None:
    goodbye = {"reason": "slow", "reconnect_after_ms": 4000, "resume_sequence": 40}
    frames: list[Frame] = [
        {"type": "subscribed", "id": "all", "sequence": 5},
        {"type": "caught_up", "id": "all", "sequence": 5},
        event(6),
        {"type": "disconnect", **goodbye},
    ]
    async with scripted(*frames) as hub, peer(hub.url, NEWS) as client:
        lost = await find(client, "reconnecting")
        assert (lost["reason"], lost["seconds"]) == ("slow", 6.0)
        await client.next()
        assert hub.wanted[1] == {"since_sequence": 40}


async def test_who_begins_at_a_time_goes_on_at_a_sequence(peer: Open) -> None:
    wanted = {"all": {"since_time": "2026-01-01T00:00:00Z", "event_types": ["ALERT_FIRED"]}}
    frames: list[Frame] = [
        {"type": "subscribed", "id": "all", "sequence": 17},
        {"type": "error", "code": "INTERNAL_ERROR", "message": "something went wrong"},
    ]
    async with scripted(*frames) as hub, peer(hub.url, wanted) as client:
        for _ in range(2):
            assert (await client.next())["type"] == "reconnecting"
        later = {"event_types": ["ALERT_FIRED"], "since_sequence": 17}
        assert hub.wanted == [wanted["all"], later]


async def test_a_line_without_news_is_kept_while_the_hub_answers(peer: Open) -> None:
    frames: list[Frame] = [{"type": "subscribed", "id": "all", "sequence": 5}]
    async with scripted(*frames) as hub, peer(hub.url, NEWS, quiet=0.02) as client:
        waiting = asyncio.ensure_future(client.next())
        await until(lambda: hub.pings >= 5)
        await client.call("close")
        assert (await waiting)["type"] == "done"
        assert len(hub.wanted) == 1
