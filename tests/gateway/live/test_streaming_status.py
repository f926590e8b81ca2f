"""The live stream told over REST: how it stands, and who listens."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State

from gateway.errors import HANDLERS
from gateway.rest.documented_streaming import LiveClients, LiveSubscriptions, StreamingStatus
from gateway.rest.streaming import streaming
from services.runtime.log import EventLog
from tests.kit import builders
from tests.kit.live import Stream, alerts, serving
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.fixture
async def http(stream: Stream) -> AsyncGenerator[httpx.AsyncClient]:
    """The routes alone: who may use them is checked for all routes in one place."""
    app = Litestar([streaming], state=State({"live": stream.live}), openapi_config=None)
    transport = httpx.ASGITransport(app)  # pyright: ignore[reportArgumentType] - ASGI types differ
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_the_status_says_where_the_process_stands(
    stream: Stream, http: httpx.AsyncClient
) -> None:
    await stream.fire(*alerts(3))
    await until(lambda: stream.tail.ring.last == 3)
    async with stream.client() as client, stream.client(None):
        await client.subscribe()
        await client.find("caught_up")
        told = StreamingStatus.model_validate_json((await http.get("/streaming/status")).text)
    assert told.position == 3
    assert told.clients == {"ws": 2, "logs": 0, "sse": 0}
    assert (told.subscriptions, told.catching_up, told.error) == (1, 0, None)
    assert told.most_clients == 10_000


async def test_clients_are_listed_from_the_longest_connected_on(
    stream: Stream, http: httpx.AsyncClient
) -> None:
    async with stream.client() as first, stream.client("berlin-token"), stream.client(None):
        await first.subscribe()
        await first.find("caught_up")
        found = await http.get("/streaming/clients", params={"page_size": 2})
        page = LiveClients.model_validate_json(found.text)
        rest = await http.get("/streaming/clients", params={"page_size": 2, "page": 2})
        last = LiveClients.model_validate_json(rest.text).items
    assert (page.total, page.total_pages) == (3, 2)
    assert [(one.user, one.subscriptions) for one in page.items] == [("ada", 1), ("bea", 0)]
    assert page.items[0].sent == 3
    assert page.items[0].address == "127.0.0.1"
    assert [(one.user, one.role) for one in last] == [(None, None)]


async def test_subscriptions_are_listed_as_they_are_in_force(
    stream: Stream, http: httpx.AsyncClient
) -> None:
    await stream.fire(*alerts(2))
    await until(lambda: stream.tail.ring.last == 2)
    async with stream.client("berlin-token") as client:
        for name in ("one", "two"):
            await client.say(type="subscribe", id=name, subscription={"since_sequence": 0})
            await client.find("subscribed")
            await client.find("caught_up")
        found = await http.get("/streaming/subscriptions")
        page = LiveSubscriptions.model_validate_json(found.text)
    assert [(one.id, one.user, one.state) for one in page.items] == [
        ("one", "bea", "live"),
        ("two", "bea", "live"),
    ]
    assert page.items[0].cluster_filter == [str(builders.CLUSTER_ID)]
    assert (page.items[0].position, page.items[0].lag) == (2, 0)


async def test_a_process_without_a_live_stream_says_so() -> None:
    app = Litestar([streaming], exception_handlers=HANDLERS, openapi_config=None)
    transport = httpx.ASGITransport(app)  # pyright: ignore[reportArgumentType] - ASGI types differ
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/streaming/status")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "OVERLOADED")


async def test_who_has_gone_is_listed_no_more(log: EventLog) -> None:
    async with serving(log) as stream:
        async with stream.client():
            assert stream.live.clients == 1
        await until(lambda: not stream.live.guests)
