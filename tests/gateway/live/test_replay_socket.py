"""A replay over the socket, beside a subscription, as a client sees both."""

import pytest

from services.runtime.log import EventLog
from tests.kit.live import alerts, serving

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def test_history_comes_marked_and_what_happens_does_not(log: EventLog) -> None:
    async with serving(log) as stream:
        past = await stream.fire(*alerts(30))
        async with stream.client() as client:
            await client.subscribe()
            await client.find("caught_up")
            await client.say(type="replay", id="r", **{"from": "2026-01-01T00:00:00Z"}, speed="max")
            assert (await client.find("replay_state"))["state"] == "playing"
            assert (await client.find("replay_state"))["state"] == "ended"
            assert client.sequences == past
            assert all(event["replayed"] for event in client.events)
            (now,) = await stream.fire(*alerts(1, start=100))
            await client.until_sequence(now)
            assert "replayed" not in client.events[-1]


async def test_what_cannot_be_done_is_told_and_the_connection_goes_on(log: EventLog) -> None:
    async with serving(log) as stream, stream.client() as client:
        for frame in (
            {"type": "replay"},
            {"type": "replay", "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
            {"type": "replay_control", "action": "pause"},
            {"type": "replay_control", "id": "x", "action": "stop"},
        ):
            await client.say(**frame)
            assert (await client.find("error"))["code"] == "INVALID_MESSAGE", frame
        await client.quiet()
        async with stream.client("ingest-token") as other:
            await other.say(type="replay", **{"from": "2026-01-01T00:00:00Z"})
            assert (await other.find("error"))["code"] == "PERMISSION_DENIED"
