"""Several events in one frame, for clients that have asked for it."""

import json

import pytest

from services.runtime.log import EventLog
from services.runtime.slices import LARGEST_BATCH
from tests.kit.live import Client, Frame, Stream, alerts, serving
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

COUNT = 300


async def frames_until(client: Client, last: int) -> list[Frame]:
    found: list[Frame] = []
    while not client.events or client.events[-1]["sequence"] < last:
        found.append(await client.next())
    return found


async def begin(client: Client, *, batch: bool, since: int | None = None) -> None:
    asked = {} if since is None else {"since_sequence": since}
    await client.say(type="subscribe", batch=batch, subscription=asked)
    await client.find("subscribed")


async def test_batches_bring_what_single_frames_bring(stream: Stream) -> None:
    async with stream.client() as several, stream.client() as single:
        await begin(several, batch=True)
        await begin(single, batch=False)
        for client in (several, single):
            await client.find("caught_up")
        await stream.fire(*alerts(COUNT))
        batches = await frames_until(several, COUNT)
        singles = await frames_until(single, COUNT)
    assert several.events == single.events
    assert several.sequences == list(range(1, COUNT + 1))
    assert {frame["type"] for frame in singles} == {"event"}
    assert len(batches) < COUNT / 10


async def test_batches_are_bounded_and_a_large_event_goes_alone(log: EventLog) -> None:
    async with serving(log, ring=16) as stream:
        large = {"summary": "ü" * 70_000}
        await stream.fire(*alerts(COUNT), *alerts(1, 900, annotations=large), *alerts(COUNT, 1000))
        async with stream.client() as client:
            await begin(client, batch=True, since=0)
            texts: list[str] = []
            while not client.events or client.events[-1]["sequence"] < 2 * COUNT + 1:
                texts.append(json.dumps(await client.next(), ensure_ascii=False))
            assert client.sequences == list(range(1, 2 * COUNT + 2))
    too_large = [text for text in texts if len(text.encode()) > LARGEST_BATCH * 1.1]
    assert [json.loads(text)["sequence"] for text in too_large] == [COUNT + 1]


async def test_clients_with_the_same_filter_share_what_is_sent(stream: Stream) -> None:
    await stream.fire(*alerts(20))
    await until(lambda: stream.tail.ring.last == 20)
    async with stream.client() as first, stream.client() as second:
        for client in (first, second):
            await begin(client, batch=True, since=0)
            await client.find("caught_up")
        filters = [guest.about().subscriptions[0].wanted.passes for guest in stream.live.guests]
    one, other = [stream.tail.slice(passes, 0, 20).batches() for passes in filters]
    assert [piece.count for piece in one] == [20]
    assert one[0].data is other[0].data
