"""The whole platform in one process: services, projections and the gateway on real servers."""

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx
import psycopg
import uvicorn
from psycopg.conninfo import make_conninfo

from contracts.refusals import Code
from deploy.platform import PROJECTIONS, load_projections, load_services, part
from gateway.app import build
from gateway.gate import Gate
from gateway.middleware import Front
from gateway.process import open_gate
from gateway.tools.answers import answering
from services.runtime import process, schedules, streams
from services.runtime.access import TokenRequest
from services.runtime.bus import Bus
from services.runtime.database import DatabaseUnavailable
from services.runtime.dead_letters import DeadLetter
from services.runtime.ids import new_id
from services.runtime.outside import Outside
from services.runtime.principals import Role
from services.runtime.settings import Settings
from services.runtime.settings_limits import LimitsSettings
from tests.kit.runtime import eventually, letters, running, until
from tests.kit.streams import fresh_streams

ORIGIN = "http://localhost"
API = "/api/v1"
_ENVELOPE = {"code", "message", "details", "service", "trace_id", "timestamp"}
_NUMBERS = itertools.count(1)

Json = dict[str, Any]


def assert_envelope(response: httpx.Response) -> Json:
    """The error in an answer of status 400 or more: always the same shape, from a closed list."""
    assert response.headers["content-type"] == "application/json", response.text
    body = response.json()
    assert set(body) == {"error"}, body
    error: Json = body["error"]
    assert set(error) == _ENVELOPE, error
    assert Code[error["code"]].status == response.status_code, error
    assert error["message"]
    assert isinstance(error["details"], dict)
    assert error["service"] == "gateway"
    assert len(error["trace_id"]) == 32
    assert error["trace_id"] == response.headers["x-trace-id"]
    return error


async def _check(response: httpx.Response) -> None:
    if response.status_code >= 400:
        await response.aread()
        assert_envelope(response)


def refused(response: httpx.Response, code: str) -> Json:
    """The error in an answer that must be this refusal."""
    assert response.status_code >= 400, response.text
    error: Json = response.json()["error"]
    assert error["code"] == code, error
    return error


@dataclass
class Part:
    """Loops that a test may stop and start again."""

    settings: Settings
    name: str
    outside: Outside | None = None
    """What it reaches other systems by; None: by the network as it is."""
    bus: Bus | None = None
    _stack: AsyncExitStack | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Connect, and run every loop."""
        self._stopping = asyncio.Event()
        told = part(self.name)
        runtime = await process.start(self.name, self.settings)
        runtime.outside = self.outside or runtime.outside
        services = [*load_services(told.services)]
        loops = process.assemble(runtime, services, [*load_projections(told.projections)])
        self.bus, self._stack = runtime.bus, AsyncExitStack()
        self._stack.push_async_callback(runtime.close)
        together = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._stack.callback(self.halt)
        for loop in loops:
            together.create_task(_run(loop, self._stopping))

    def halt(self) -> None:
        """Tell the loops to end, without waiting for it."""
        self._stopping.set()

    async def stop(self) -> None:
        """End the loops as a signal would."""
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.aclose()


async def _run(loop: Callable[[asyncio.Event], Awaitable[None]], stopping: asyncio.Event) -> None:
    await loop(stopping)


@dataclass
class Platform:
    """Everything that runs, and clients that check the shape of every error."""

    settings: Settings
    gate: Gate
    front: Front
    workers: Part
    projector: Part
    admin: str
    """A token that may do everything."""
    http: httpx.AsyncClient = field(init=False)
    """A client with that token."""

    def __post_init__(self) -> None:
        self.http = self.client(self.admin)

    def client(self, token: str | None = None, **options: Any) -> httpx.AsyncClient:
        """A client, with a token or with none."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            transport=options.pop("transport", None) or httpx.ASGITransport(self.front),  # pyright: ignore[reportArgumentType] - ASGI types differ in name
            base_url=options.pop("base_url", ORIGIN),
            headers=headers | options.pop("headers", {}),
            event_hooks={"response": [_check]},
            timeout=30,
            **options,
        )

    async def token(self, role: Role = Role.INGEST, *clusters: str) -> str:
        """A new token of a role, for these clusters or for all."""
        request = TokenRequest("somebody", role, tuple(UUID(cluster) for cluster in clusters))
        return (await self.gate.access.mint_token(request))[1]

    async def register(self, *, watched: bool = False, **changes: Any) -> Json:
        """A new cluster, under a name of its own unless one is given; as REST shows it.

        Once it was checked; after that, and asked for its alerts and the rest, only if ``watched``:
        what tests compare must stand still.
        """
        body = registration(**changes)
        answer = await self.http.post(f"{API}/clusters", json=body)
        if answer.status_code == 202:  # A busy machine: it was taken, and shows later.
            await self.settle()
            answer = await self.http.get(f"{API}/clusters/by-name/{body['name']}")
        assert answer.status_code in {200, 201}, answer.text
        cluster: str = answer.json()["id"]
        if watched:
            return answer.json()
        found = await eventually(lambda: self._checked(cluster))
        bus = self.gate.runtime.bus
        for kind in ("check", "alerts", "gpu", "cnf", "watch"):
            await eventually(lambda kind=kind: schedules.scheduled(bus, kind, cluster))
            await schedules.cancel(bus, kind, cluster)
        assert found is not None
        return found

    async def _checked(self, cluster: str) -> Json | None:
        found = await self.list(f"/clusters/{cluster}")
        status = found["status"]
        return found if status["checked_at"] and status["state"] != "PROVISIONING" else None

    async def list(self, path: str, **query: Any) -> Json:
        """A page or part of a list."""
        answer = await self.http.get(f"{API}{path}", params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def names(self, **query: Any) -> "list[str]":
        """The names of the clusters that a list gives, in its order."""
        return [item["name"] for item in (await self.list("/clusters", **query))["items"]]

    async def report(self, cluster: str, *alerts: Json) -> Json:
        """Send alerts of a cluster by its webhook, and wait until they show."""
        answer = await self.http.post(f"{API}/alerts/webhook/{cluster}", json=webhook(*alerts))
        assert answer.status_code == 202, answer.text
        await self.settle()
        return answer.json()

    async def settle(self) -> None:
        """Wait until every command is handled and every projection has seen the last event."""
        await eventually(self._all_handled)
        _, last = await self.gate.log.bounds()
        for name, shown in (
            ("activity", "evt.>"),
            ("fleet", "evt.*.cluster.>"),
            ("alerts", "evt.*.alert.>"),
        ):
            stored = await self.gate.runtime.bus.get(streams.EVENTS, {"last_by_subj": shown})
            if stored is not None:
                assert await self.gate.positions.wait(name, stored.sequence, 20), (name, last)

    async def _all_handled(self) -> bool:
        found = await self.gate.runtime.bus.api(f"STREAM.INFO.{streams.COMMANDS}")
        return found["state"]["messages"] == 0

    async def letters(self) -> "list[DeadLetter]":
        """All dead letters."""
        return await letters(self.gate.runtime.bus)

    async def last_sequence(self) -> int:
        """Where the log ends."""
        return (await self.gate.log.bounds())[1]


def registration(**changes: Any) -> Json:
    """The body of a registration, under a name of its own unless one is given."""
    name = f"cluster-{next(_NUMBERS)}"
    return {"name": name, "api_server_url": "https://api.example.com:6443"} | changes


def alert(number: int = 0, **changes: Any) -> Json:
    """One alert as Alertmanager's webhook tells it; ``labels`` are added."""
    labels = {"alertname": "NodeDown", "severity": "critical"} | changes.pop("labels", {})
    return {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": "Node worker-1 does not answer"},
        "startsAt": "2026-01-01T12:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example.com/graph",
        "fingerprint": f"{number:016x}",
    } | changes


def webhook(*alerts: Any) -> Json:
    """Alertmanager's webhook body, version 4."""
    return {"version": "4", "status": "firing", "receiver": "aiops", "alerts": list(alerts)}


@asynccontextmanager
async def platform_on(
    settings: Settings, outside: Outside | None = None
) -> AsyncGenerator[Platform]:
    """Run everything on prepared servers for the time of a block.

    ``outside``: what the services reach other systems by, if not by the network as it is.
    Nobody is limited by a rate: tests ask often, and those of limits set their own.
    """
    settings = settings.model_copy(update={"limits": LimitsSettings(enabled=False)})
    async with AsyncExitStack() as stack:
        workers, projector = Part(settings, "workers", outside), Part(settings, "projector")
        for each in (projector, workers):
            await each.start()
            stack.push_async_callback(each.stop)
        gate = await open_gate(settings)
        stack.push_async_callback(gate.runtime.close)
        stack.push_async_callback(gate.database.close)
        await gate.positions.open("activity", "alerts")
        await eventually(lambda: _all_built(gate))
        await stack.enter_async_context(running(gate.directory.run))
        # First of all on the way out: what is to end ends side by side.
        for each in (projector, workers):
            stack.callback(each.halt)
        await until(gate.directory.loaded.is_set)
        admin = await gate.access.mint_token(TokenRequest("ada", Role.ADMIN))
        app = build(gate)
        await stack.enter_async_context(running(answering(gate, app).run))
        front = Front(app, gate)
        platform = Platform(settings, gate, front, workers, projector, admin[1])
        yield await stack.enter_async_context(_closing(platform))


@asynccontextmanager
async def _closing(platform: Platform) -> AsyncGenerator[Platform]:
    async with platform.http:
        yield platform


async def _all_built(gate: Gate) -> bool:
    try:
        row = await gate.database.fetch_one(
            "select count(*) from pg_namespace where nspname = any(%s)", ([*PROJECTIONS],)
        )
    except DatabaseUnavailable:
        return False  # It is busy with what is being built, and some tests have little patience.
    return row == (len(PROJECTIONS),)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def on_the_wire(
    platform: Platform, *, body_seconds: float = 120.0, **limits: Any
) -> AsyncGenerator[str]:
    """Serve the gateway on a port as in production, with other limits; gives its address."""
    gateway = platform.settings.gateway.model_copy(update=limits)
    settings = platform.settings.model_copy(update={"gateway": gateway})
    gate = replace(platform.gate, runtime=replace(platform.gate.runtime, settings=settings))
    config = uvicorn.Config(
        Front(build(gate), gate, body_seconds=body_seconds),
        port=0,
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve())
    try:
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(serving, 10)


def pretty(value: Mapping[str, Any]) -> str:
    """JSON for a failed assertion."""
    return json.dumps(value, indent=1, default=str)


@contextmanager
def fresh_database(url: str, template: str) -> Generator[str]:
    """A copy of a prepared database, for the time of a block; gives its address."""
    name = f"g_{new_id().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            f"create database {name} template {template} strategy file_copy".encode()
        )
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            connection.execute(f"drop database {name} with (force)".encode())


async def fresh_bus(settings: Settings) -> None:
    """Empty streams in place of those that are there."""
    await fresh_streams(settings)
