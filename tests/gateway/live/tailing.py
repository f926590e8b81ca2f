"""A gateway whose log tails are served as in production, and a collector that a test leads."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from websockets.asyncio.client import connect

from contracts.refusals import Refused
from contracts.telemetry import TailLogs
from gateway.app import build
from gateway.live.log_tails import Places
from gateway.live.protocol import websocket_options
from gateway.live.socket import Live, live_socket, log_tail_socket
from gateway.middleware import Front
from services.runtime.answering import Answering
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.replies import Asked
from services.runtime.tail import Tail
from tests.kit.gateway import API, Platform
from tests.kit.live import Client, Frame
from tests.kit.runtime import UNTRACED, running, until

NOTHING = b'{"streams":[]}'
MOMENT = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
Line = tuple[int, str]


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@dataclass
class Served:
    """A gateway on a port."""

    live: Live
    server: _Server
    admin: str

    @property
    def port(self) -> int:
        return self.server.servers[0].sockets[0].getsockname()[1]

    @asynccontextmanager
    async def client(
        self, token: str | None = "", path: str = f"{API}/logs/tail", **options: Any
    ) -> AsyncGenerator["TailClient"]:
        """A client, logged in as an admin unless another token is told, or None."""
        plain: dict[str, Any] = {"compression": None, "ping_interval": None, "max_queue": None}
        url = f"ws://127.0.0.1:{self.port}{path}"
        async with connect(url, **(plain | options)) as socket:
            client = TailClient(socket)
            if token is not None:
                await client.say(type="auth", token=token or self.admin)
                assert (await client.next())["type"] == "auth_response"
            yield client


@dataclass
class TailClient(Client):
    """Reads log lines."""

    entries: list[Frame] = field(default_factory=list[Frame])
    statuses: list[Frame] = field(default_factory=list[Frame])

    async def next(self, within: float = 30.0) -> Frame:
        """The next frame; lines and statuses are kept."""
        frame = await super().next(within)
        if frame["type"] == "lines":
            assert frame["entries"], frame
            self.entries += frame["entries"]
        if frame["type"] == "status":
            self.statuses.append(frame)
        return frame

    async def find(self, kind: str) -> Frame:
        """The next frame of this type, past lines and statuses."""
        while (frame := await self.next())["type"] != kind:
            assert frame["type"] in {"lines", "status"}, frame
        return frame

    async def tail(self, query: str = '{app="a"}', **wanted: Any) -> Frame:
        """Follow, and wait until that begins."""
        await self.say(type="tail", query=query, **wanted)
        return await self.find("tailing")

    async def until_lines(self, count: int) -> list[str]:
        """Read until so many lines have come; the texts of all so far."""
        while len(self.entries) < count:
            await self.next()
        return self.texts

    async def until_status(self, state: str, cluster: str) -> Frame:
        """Read until this is told of a cluster."""
        while (frame := await self.find("status"))["cluster_id"] != cluster or (
            frame["state"] != state
        ):
            assert frame["type"] == "status"
        return frame

    async def quiet(self) -> None:
        """Nothing has been sent but statuses."""
        await self.say(type="ping")
        while (frame := await self.next())["type"] != "pong":
            assert frame["type"] == "status", frame

    @property
    def texts(self) -> list[str]:
        return [entry["message"] for entry in self.entries]


@asynccontextmanager
async def serving_tails(
    platform: Platform, *, places: Places | None = None, limits: Any = None, **changes: Any
) -> AsyncGenerator[Served]:
    """Serve a platform's gateway with its live sockets; ``changes`` are those of `Live`."""
    settings = platform.settings.gateway.model_copy(update=limits or {})
    gate = platform.gate
    tail = Tail(gate.log, gate.directory.name, 100)
    live = Live(tail, gate.principal, settings, gate.clock, **changes)
    app = build(gate, live_socket(live), log_tail_socket(live, gate, places))
    config = uvicorn.Config(
        Front(app, gate), port=0, log_config=None, lifespan="off", **websocket_options()
    )
    server = _Server(config)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(tail.run))
        await stack.enter_async_context(running(live.run))
        serve = asyncio.ensure_future(server.serve())
        try:
            await until(lambda: server.started)
            yield Served(live, server, platform.admin)
        finally:
            await live.shutdown()
            server.should_exit = True
            await asyncio.wait_for(serve, 30)


@dataclass
class Question:
    """One question to a cluster, answered as the test says."""

    query: TailLogs
    asked: Asked
    _todo: asyncio.Queue[bytes | Exception | None] = field(
        default_factory=asyncio.Queue[bytes | Exception | None]
    )

    @property
    def gone(self) -> bool:
        """Nobody wants to hear more."""
        return self.asked.reply.gone

    def say(self, *lines: Line, **labels: str) -> None:
        """These lines come now: nanoseconds after a certain moment, and text."""
        values = [[str(MOMENT + ns), text] for ns, text in lines]
        self.send({"streams": [{"stream": {"app": "a"} | labels, "values": values}]})

    def send(self, part: Any) -> None:
        """This part comes now."""
        self._todo.put_nowait(part if isinstance(part, bytes) else json.dumps(part).encode())

    def beat(self) -> None:
        """There is nothing more."""
        self.send(NOTHING)

    def fail(self, failure: Refused) -> None:
        """It ends with this."""
        self._todo.put_nowait(failure)

    def end(self) -> None:
        """It ends by itself."""
        self._todo.put_nowait(None)

    async def answer(self) -> None:
        while (item := await self._todo.get()) is not None:
            if isinstance(item, Exception):
                raise item
            await self.asked.send(item)


@dataclass
class FakeTails:
    """What was asked, cluster by cluster. A question is answered by a first sign of life."""

    questions: dict[str, list[Question]] = field(default_factory=dict[str, list[Question]])
    refusals: dict[str, Refused] = field(default_factory=dict[str, Refused])
    """Clusters that refuse every question."""
    warnings: tuple[str, ...] = ()

    async def __call__(self, query: Any, asked: Asked) -> Mapping[str, Any]:
        question = Question(query, asked)
        self.questions.setdefault(asked.cluster, []).append(question)
        if asked.cluster in self.refusals:
            raise self.refusals[asked.cluster]
        await asked.send(NOTHING)
        await question.answer()
        return {"kind": "streams", "count": 0, "warnings": self.warnings, "took_ms": 1.0}

    async def question(self, cluster: str, number: int = 0) -> Question:
        """A question to a cluster, once it was asked; they are counted from 0."""
        await until(lambda: len(self.questions.get(cluster, ())) > number)
        return self.questions[cluster][number]

    def clear(self) -> None:
        """Nothing was asked yet."""
        for questions in self.questions.values():
            for each in questions:
                each.end()
        self.questions, self.refusals, self.warnings = {}, {}, ()


@asynccontextmanager
async def leading(platform: Platform) -> AsyncGenerator[FakeTails]:
    """A collector for tails; the platform's own workers, who would answer too, stop."""
    await platform.workers.stop()
    runtime, fake = platform.gate.runtime, FakeTails()
    worker = Answering(
        "hub",
        "test",
        {TailLogs: fake},
        runtime.bus,
        runtime.log,
        platform.settings,
        UNTRACED,
        NOTHING_OUTSIDE,
    )
    async with running(worker.run):
        await runtime.bus.client.flush()
        try:
            yield fake
        finally:
            fake.clear()
