"""The gateway as it runs, on a bus and a database with nothing else on them; and a log to read."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from pydantic import SecretStr

from deploy.local.child import halt, last_lines, spawn
from deploy.local.parts import Wiring
from deploy.local.ports import answers, free_port
from services.runtime import bus as buses, database, streams
from services.runtime.access import Access, TokenRequest
from services.runtime.bus import Bus, Outgoing
from services.runtime.clock import SystemClock
from services.runtime.context import context_headers, event_headers
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.principals import Role
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.benchmarks import material
from tests.benchmarks.client import Address
from tests.benchmarks.kit import Cpu, log
from tests.benchmarks.platform import context
from tests.kit.embedded import NatsServer, PostgresServer, running_nats, running_postgres
from tests.kit.gateway_process import GatewayProcess, part_command, wired
from tests.kit.hub import until

_AT_ONCE = 1000
_DIFFERENT = 20_000


@dataclass(frozen=True)
class Stage:
    """What the benchmarks of the live stream run on."""

    settings: Settings
    bus: Bus
    nats: NatsServer
    postgres: PostgresServer
    gateway: GatewayProcess
    token: str

    @property
    def address(self) -> Address:
        """The gateway, as an administrator."""
        return Address("127.0.0.1", self.gateway.port, self.token)

    @property
    def cpu(self) -> Cpu:
        """CPU of the parts; who makes events and who reads them do not count."""
        parts = {"gateway": self.gateway.pid, "nats": self.nats.pid}
        return Cpu(parts | {"postgres": self.postgres.pid})

    async def last(self) -> int:
        """Where the log ends."""
        found = await self.bus.api(f"STREAM.INFO.{streams.EVENTS}")
        return found["state"]["last_seq"]


@asynccontextmanager
async def stage() -> AsyncGenerator[Stage]:
    """Servers, tables and streams, and one gateway process, for the time of a block."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aiops-bench-")))
        nats = stack.enter_context(running_nats(directory / "nats"))
        postgres = stack.enter_context(running_postgres(directory / "postgres"))
        settings = Settings(
            data_dir=directory / "data",
            nats=NatsSettings(url=nats.url),
            database=DatabaseSettings(url=SecretStr(postgres.url)),
        )
        bus = await buses.connect(settings.nats, "benchmark")
        try:
            token = await _prepare(settings, bus)
            gateway = GatewayProcess(wired(settings))
            stack.callback(gateway.stop)
            yield Stage(settings, bus, nats, postgres, gateway, token)
        finally:
            await bus.close()


async def _prepare(settings: Settings, bus: Bus) -> str:
    """Streams, tables, and those that the projector makes; a token."""
    await streams.ensure(bus, settings)
    await database.migrate(settings.database)
    await _make_views(wired(settings))
    where = Database(settings.database, "benchmark")
    await where.open()
    try:
        request = TokenRequest("bench", Role.ADMIN)
        return (await Access(where, SystemClock()).mint_token(request))[1]
    finally:
        await where.close()


async def _make_views(wiring: Wiring) -> None:
    """Run the projector until it is ready, and no longer: here nobody reads what it would write."""
    port = free_port()
    program = wiring.program(part_command("projector"), port)
    process = spawn(program)
    try:
        await asyncio.to_thread(until, lambda: answers("127.0.0.1", port, "/ready"), 60.0)
    except AssertionError:
        raise RuntimeError(last_lines(program.log)) from None
    await halt(process, program.halt, 20.0)


async def fill(bus: Bus, count: int) -> int:
    """Append so many events of 20,000 alerts as fast as the bus takes them; the last sequence.

    Without the check for other writers, and the same alerts again and again: who reads the log
    does not see the difference.
    """
    began, last = time.perf_counter(), 0
    ready = _prepared(min(count, _DIFFERENT))
    for start in range(0, count, _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, count))
        answers_ = await bus.publish_each([_renamed(ready[n % len(ready)]) for n in some])
        for answer in answers_:
            if isinstance(answer, Exception):
                raise answer
            last = answer.seq
    seconds = time.perf_counter() - began
    log(f"{count:,} events in the log after {seconds:.0f} s")
    return last


def _prepared(count: int) -> Sequence[Outgoing]:
    shared = context_headers(SystemClock().now(), context())
    found: list[Outgoing] = []
    for number in range(count):
        event = material.event(material.Report(number, resolved=number % 5 == 4))
        key, names = event.key, event.names
        subject = f"evt.{key.cluster}.{key.type}.{key.id}.{names.token}"
        headers = shared | event_headers(event, key, new_id()) | {"Nats-TTL": "7776000s"}
        found.append(Outgoing(subject, event.model_dump_json().encode(), headers))
    return found


def _renamed(message: Outgoing) -> Outgoing:
    name = str(new_id())
    return Outgoing(
        message.subject, message.data, message.headers | {"Nats-Msg-Id": name, "ce-id": name}
    )


@dataclass
class Memory:
    """Resident memory of a process tree, looked at again and again."""

    pid: int
    peak: int = 0
    _task: "asyncio.Task[None] | None" = field(default=None, init=False)

    def now(self) -> int:
        """Bytes."""
        root = psutil.Process(self.pid)
        found = sum(each.memory_info().rss for each in [root, *root.children(recursive=True)])
        self.peak = max(self.peak, found)
        return found

    async def __aenter__(self) -> "Memory":
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _look(self) -> None:
        while True:
            self.now()
            await asyncio.sleep(0.05)
