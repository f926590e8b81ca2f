"""The live stream served by a real uvicorn, and a client that speaks its protocol."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from litestar import Litestar
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from contracts.alerts import AlertFired
from gateway.live.protocol import websocket_options
from gateway.live.socket import Live, live_socket
from services.runtime.clock import SystemClock
from services.runtime.log import NOTHING, EventLog
from services.runtime.principals import Principal, Role
from services.runtime.settings import GatewaySettings
from services.runtime.tail import Tail
from services.runtime.telemetry_tail import TelemetryTail
from tests.kit import builders
from tests.kit.runtime import running, store_each, until

ADMIN = "admin-token"
CLUSTER_NAMES = {str(builders.CLUSTER_ID): "edge-berlin-1"}
_PATIENCE = 30.0

Frame = dict[str, Any]


def people() -> dict[str, Principal]:
    """Whose token is whose."""
    return {
        ADMIN: Principal.of("ada", Role.ADMIN),
        "ingest-token": Principal.of("alertmanager", Role.INGEST),
        "berlin-token": Principal.of("bea", Role.ADMIN, frozenset({builders.CLUSTER_ID})),
    }


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    @property
    def port(self) -> int:
        return self.servers[0].sockets[0].getsockname()[1]


@dataclass
class Stream:
    """A served live stream."""

    live: Live
    log: EventLog
    known: dict[str, Principal]
    server: _Server

    @property
    def tail(self) -> Tail:
        return self.live.tail

    async def fire(self, *events: AlertFired) -> list[int]:
        """Append events of entities that have none yet; their sequences."""
        changes = [(event, NOTHING) for event in events]
        return await store_each(self.log, changes, builders.context())

    @asynccontextmanager
    async def client(self, token: str | None = ADMIN, **options: Any) -> AsyncGenerator["Client"]:
        """A client, logged in unless the token is None."""
        url = f"ws://127.0.0.1:{self.server.port}/ws"
        # The client library stops reading when its queue is full, also while it closes.
        plain: dict[str, Any] = {"compression": None, "ping_interval": None, "max_queue": None}
        async with connect(url, **(plain | options)) as socket:
            client = Client(socket)
            if token is not None:
                await client.say(type="auth", token=token)
                assert (await client.next())["type"] == "auth_response"
            yield client


@dataclass
class Client:
    """Reads and writes frames."""

    socket: ClientConnection
    events: list[Frame] = field(default_factory=list[Frame])

    @property
    def sequences(self) -> list[int]:
        return [event["sequence"] for event in self.events]

    async def say(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def next(self, within: float = _PATIENCE) -> Frame:
        """The next frame."""
        async with asyncio.timeout(within):
            frame: Frame = json.loads(await self.socket.recv())
        if frame["type"] == "event":
            self.events.append(frame)
        elif frame["type"] == "events":
            self.events.extend(frame["events"])
        return frame

    async def find(self, kind: str) -> Frame:
        """The next frame of this type; events before it are kept."""
        while (frame := await self.next())["type"] != kind:
            assert frame["type"] in {"event", "events"}, frame
        return frame

    async def subscribe(self, **subscription: Any) -> Frame:
        """Subscribe and wait for the answer."""
        await self.say(type="subscribe", subscription=subscription)
        return await self.find("subscribed")

    async def until_sequence(self, last: int) -> list[int]:
        """Read events until this one has come; the sequences of all events so far."""
        while not self.events or self.events[-1]["sequence"] < last:
            await self.next()
        return self.sequences

    async def quiet(self) -> None:
        """Nothing has been sent but what was read already."""
        await self.say(type="ping")
        assert (await self.next())["type"] == "pong"

    async def closed(self) -> tuple[int, list[Frame]]:
        """The close code, and the frames before it."""
        frames: list[Frame] = []
        try:
            while True:
                frames.append(await self.next())
        except ConnectionClosed as closed:
            return (closed.rcvd.code if closed.rcvd else 1006), frames


def alerts(
    count: int, start: int = 0, *, labels: Mapping[str, str] | None = None, **changes: Any
) -> list[AlertFired]:
    """Different alerts, numbered."""
    return [
        builders.fired(
            fingerprint=f"{number:016x}",
            labels={"alertname": "NodeDown"} if labels is None else dict(labels),
            **changes,
        )
        for number in range(start, start + count)
    ]


@asynccontextmanager
async def serving(
    log: EventLog,
    *,
    gateway: GatewaySettings | None = None,
    ring: int = 10_000,
    telemetry: bool = False,
    **changes: Any,
) -> AsyncGenerator[Stream]:
    """Serve the log, and telemetry if wanted; ``changes`` are those of `Live`."""
    known = people()

    async def authenticate(secret: str) -> Principal | None:
        return known.get(secret)

    tail = Tail(log, CLUSTER_NAMES.get, ring)
    measures = TelemetryTail(log.bus, CLUSTER_NAMES.get, pace=0.05) if telemetry else None
    settings = gateway or GatewaySettings()
    live = Live(tail, authenticate, settings, SystemClock(), telemetry=measures, **changes)
    config = uvicorn.Config(
        Litestar([live_socket(live)], openapi_config=None),
        port=0,
        log_config=None,
        lifespan="off",
        **websocket_options(),
    )
    server = _Server(config)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(tail.run))
        if measures is not None:
            await stack.enter_async_context(running(measures.run))
        await stack.enter_async_context(running(live.run))
        serve = asyncio.ensure_future(server.serve())
        try:
            await until(lambda: server.started and tail.error is None)
            yield Stream(live, log, known, server)
        finally:
            await live.shutdown()
            server.should_exit = True
            await asyncio.wait_for(serve, _PATIENCE)
