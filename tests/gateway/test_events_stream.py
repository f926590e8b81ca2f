"""Events as they happen over plain HTTP: resumed by id, told when it ends, nobody held up."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn

from gateway.app import build
from gateway.live.live import Live
from gateway.middleware import Front
from gateway.rest import events_stream
from gateway.rest.outpour import OutpourProtocol
from services.runtime.principals import Role
from services.runtime.tail import Tail
from services.runtime.telemetry_tail import TelemetryTail
from tests.kit.gateway import API, Json, Platform, alert, refused
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

PATH = f"{API}/events/stream"
RING = 50


@dataclass
class Event:
    name: str = ""
    id: str | None = None
    data: Any = None


@dataclass
class Reader:
    """A client that understands server-sent events."""

    lines: Any
    last_id: str | None = None
    seen: list[Event] = field(default_factory=list[Event])

    async def next(self) -> Event:
        """The next event that has data; ids and comments count by the way."""
        event = Event()
        async with asyncio.timeout(10):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if name == "id":
                    self.last_id = event.id = value
                elif name == "event":
                    event.name = value
                elif name == "data":
                    event.data = json.loads(value)
                elif not line and event.data is not None:
                    self.seen.append(event)
                    return event
                elif not line:
                    event = Event()
        raise EOFError

    async def until(self, name: str) -> list[Event]:
        """The events before the next one of this name, which is the last of ``seen``."""
        found: list[Event] = []
        while (event := await self.next()).name != name:
            found.append(event)
        return found


@dataclass
class Wire:
    platform: Platform
    live: Live
    url: str

    @asynccontextmanager
    async def read(self, **query: Any) -> AsyncGenerator[Reader]:
        headers = {"authorization": f"Bearer {query.pop('token', self.platform.admin)}"}
        if "last_id" in query:
            headers["last-event-id"] = query.pop("last_id")
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=10) as client,
            client.stream("GET", PATH, params=query, headers=headers) as answer,
        ):
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield Reader(answer.aiter_lines())

    async def get(self, **query: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {query.pop('token', self.platform.admin)}"}
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            return await client.get(PATH, params=query, headers=headers)


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Signals are not ours."""


@asynccontextmanager
async def served(
    platform: Platform, limits: Json | None = None, **changes: Any
) -> AsyncGenerator[Wire]:
    """As the gateway's process does it; ``changes`` are those of `Live`."""
    gate = platform.gate
    tail = Tail(gate.log, gate.directory.name, RING)
    telemetry = TelemetryTail(gate.runtime.bus, gate.directory.name)
    gateway = platform.settings.gateway.model_copy(update=limits or {})
    live = Live(tail, gate.principal, gateway, gate.clock, telemetry=telemetry, **changes)
    app = build(gate)
    app.state["live"] = live
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Front(app, gate), http=OutpourProtocol, lifespan="off", log_config=None, access_log=False
    )
    server = _Server(config)
    async with running(tail.run), running(telemetry.run), running(live.run):
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        try:
            await until(lambda: server.started and tail.error is None)
            port = listening.getsockname()[1]
            yield Wire(platform, live, f"http://127.0.0.1:{port}")
        finally:
            await live.shutdown()
            server.should_exit = True
            await asyncio.wait_for(serving, 10)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments come more often than people would want them."""
    monkeypatch.setattr(events_stream, "HEARTBEAT_SECONDS", 0.05)


@pytest.fixture
async def wire(platform: Platform) -> AsyncGenerator[Wire]:
    async with served(platform) as wire:
        yield wire


async def test_what_was_missed_comes_first_and_then_what_happens(
    platform: Platform, wire: Wire
) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, *(alert(number) for number in range(70)))
    async with wire.read(cluster_filter=cluster, since_sequence=0) as reader:
        begin = await reader.next()
        assert (begin.name, begin.id, begin.data["sequence"]) == ("subscribed", "0", 0)
        missed = await reader.until("caught_up")
        told = await platform.list("/events", cluster_id=cluster, limit=1000)
        assert [event.data for event in missed if event.id] == [
            {"type": "event"} | item for item in told["items"]
        ]
        assert all(event.id == str(event.data["sequence"]) for event in missed if event.id)
        await platform.report(cluster, alert(100))
        fresh = await reader.next()
        while fresh.data["event_type"] != "ALERT_FIRED":
            fresh = await reader.next()
        assert fresh.id == str(await platform.last_sequence())


async def test_who_comes_back_with_the_last_id_misses_nothing(
    platform: Platform, wire: Wire
) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, *(alert(number) for number in range(120)))
    query = {"cluster_filter": cluster, "event_types": ["ALERT_FIRED"], "since_sequence": 0}
    found: list[int] = []
    last: dict[str, str] = {}
    while len(found) < 120:
        async with wire.read(**query, **last) as reader:
            await reader.until("subscribed")
            found += [(await reader.next()).data["sequence"] for _ in range(40)]
            last = {"last_id": reader.last_id or ""}
    told = await platform.list("/events", cluster_id=cluster, event_type="ALERT_FIRED", limit=1000)
    assert found == [item["sequence"] for item in told["items"]]


async def test_where_nothing_comes_the_id_moves_on(platform: Platform, wire: Wire) -> None:
    cluster = (await platform.register())["id"]
    async with wire.read(event_types=["CLUSTER_DELETED"]) as reader:
        await reader.until("caught_up")
        await platform.report(cluster, alert(1))
        last = await platform.last_sequence()
        waiting = asyncio.ensure_future(reader.next())
        await until(lambda: reader.last_id == str(last))
        await platform.http.delete(f"{API}/clusters/{cluster}")
        assert (await waiting).data["event_type"] == "CLUSTER_DELETED"


async def test_measurements_come_without_an_id(platform: Platform, wire: Wire) -> None:
    cluster = (await platform.register())["id"]
    query = {"event_types": ["CLUSTER_HEALTH_CHECKED"], "cluster_filter": cluster}
    async with wire.read(**query) as reader:
        await reader.until("caught_up")
        measured = await reader.next()
        assert (measured.name, measured.id) == ("event", None)
        assert measured.data["sequence"] is None
        assert measured.data["payload"]["cluster_id"] == cluster


async def test_what_has_aged_out_is_refused_before_the_stream_begins(
    platform: Platform, wire: Wire
) -> None:
    await platform.register()
    last = await platform.last_sequence()
    error = refused(await wire.get(since_sequence=last + 10_000), "RESUME_EXPIRED")
    assert error["details"]["last_sequence"] >= last
    async with wire.read(since_time="2026-01-01T00:00:00Z") as reader:
        assert (await reader.next()).data["sequence"] == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"event_types": "NO_SUCH"}, "VALIDATION_FAILED"),
        ({"cluster_filter": "x"}, "VALIDATION_FAILED"),
        ({"entity_filter": "x"}, "VALIDATION_FAILED"),
        ({"since_sequence": -1}, "VALIDATION_FAILED"),
        ({"since_sequence": 1, "since_time": "2026-01-01T00:00:00Z"}, "VALIDATION_FAILED"),
        ({"since_time": "2126-01-01T00:00:00Z"}, "VALIDATION_FAILED"),
        ({"since_time": "2026-01-01T00:00:00"}, "VALIDATION_FAILED"),
        ({"token": "nobody"}, "AUTH_FAILED"),
    ],
)
async def test_what_makes_no_sense_is_refused(wire: Wire, query: dict[str, Any], code: str) -> None:
    refused(await wire.get(**query), code)


async def test_only_the_clusters_of_the_token_are_told_of(platform: Platform, wire: Wire) -> None:
    mine, other = [(await platform.register())["id"] for _ in range(2)]
    token = await platform.token(Role.ADMIN, mine)
    refused(await wire.get(token=token, cluster_filter=other), "PERMISSION_DENIED")
    refused(await wire.get(token=await platform.token(Role.INGEST)), "PERMISSION_DENIED")
    async with wire.read(token=token, since_sequence=0) as reader:
        missed = await reader.until("caught_up")
        assert {event.data["cluster_id"] for event in missed[1:]} == {mine}


async def test_who_may_read_events_by_the_socket_may_do_so_here(
    platform: Platform, wire: Wire
) -> None:
    mine, _ = [(await platform.register())["id"] for _ in range(2)]
    token = await platform.token(Role.OPERATOR, mine)
    async with wire.read(token=token, since_sequence=0) as reader:
        missed = await reader.until("caught_up")
        assert {event.data["cluster_id"] for event in missed[1:]} == {mine}


async def test_a_token_that_is_revoked_ends_the_stream(platform: Platform) -> None:
    token = await platform.token(Role.ADMIN)
    async with served(platform, recheck_seconds=0.01) as wire, wire.read(token=token) as reader:
        await reader.until("caught_up")
        await platform.gate.access.revoke(token)
        await reader.until("error")
        assert reader.seen[-1].data["code"] == "AUTH_EXPIRED"
        with pytest.raises(EOFError):
            await reader.next()


async def test_a_shutdown_is_told_and_more_are_sent_elsewhere(
    platform: Platform, wire: Wire
) -> None:
    async with wire.read(since_sequence=0) as reader:
        await reader.until("caught_up")
        await wire.live.shutdown()
        await reader.until("disconnect")
        last = reader.seen[-1].data
        assert (last["reason"], last["resume_sequence"]) == (
            "restart",
            await platform.last_sequence(),
        )
        with pytest.raises(EOFError):
            await reader.next()
    refused(await wire.get(), "OVERLOADED")
    assert not wire.live.guests


async def test_there_is_room_for_so_many(platform: Platform) -> None:
    async with served(platform, {"max_clients": 1}) as wire:
        async with wire.read() as reader:
            await reader.until("caught_up")
            refused(await wire.get(), "OVERLOADED")
        await until(lambda: not wire.live.guests)
        async with wire.read() as reader:
            await reader.until("caught_up")


async def test_who_takes_nothing_is_cut_off_and_holds_up_nobody(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    annotations = {"summary": "x" * 30_000}
    for start in range(0, 300, 100):
        many = (alert(start + number, annotations=annotations) for number in range(100))
        await platform.report(cluster, *many)
    async with served(platform, {"slow_client_seconds": 0.5}) as wire:
        host, port = wire.url.removeprefix("http://").split(":")
        slow = socket.create_connection((host, int(port)))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = f"GET {PATH}?since_sequence=0 HTTP/1.1\r\nhost: localhost\r\n"
        slow.sendall(f"{request}authorization: Bearer {platform.admin}\r\n\r\n".encode())
        await until(lambda: wire.live.guests)
        async with wire.read(since_sequence=0) as reader:
            await reader.until("caught_up")
            await until(lambda: len(wire.live.guests) == 1)
            await platform.report(cluster, alert(1000))
            await reader.until("event")
        slow.close()
