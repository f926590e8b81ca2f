"""The gateway process: connections, the application, the live stream, a clean stop."""

import asyncio
import contextlib
import signal
from collections.abc import Generator
from datetime import timedelta
from functools import partial

import uvicorn

from gateway.app import build
from gateway.auth.bindings import Bindings
from gateway.auth.providers import elsewhere
from gateway.auth.trail import Trail
from gateway.briefly import Briefly
from gateway.directory import Directory
from gateway.gate import Gate
from gateway.limits.heads import HeadProtocol
from gateway.limits.sharing import Sharing
from gateway.live.protocol import websocket_options
from gateway.live.socket import Live, live_socket, log_tail_socket
from gateway.middleware import Front
from gateway.parts import Parts
from gateway.positions import Positions
from gateway.rest.as_of import READS
from gateway.tools.answers import answering
from services.runtime import process
from services.runtime.access import Access
from services.runtime.clock import SystemClock
from services.runtime.command_bus import CommandBus
from services.runtime.database import Database
from services.runtime.health import Finding
from services.runtime.logging import logger
from services.runtime.pull import Delivery
from services.runtime.settings import Settings
from services.runtime.standing import Telling
from services.runtime.tail import Tail
from services.runtime.telemetry_tail import TelemetryTail

_BACKLOG = 4096
_NAMES_WITHIN = 5.0
"""Seconds in which clusters' names should be known, before old events are shown with them."""
_RIGHTS = ("evt.-.token.", "evt.-.session.")
_LESS = (".revoked", ".out")
"""Events after which somebody may do less than before."""


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the stop is ours, so that sockets hear of it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are handled by `run`."""
        yield


async def open_gate(settings: Settings) -> Gate:
    """Connect to bus and database."""
    runtime = await process.start("gateway", settings)
    clock = SystemClock()
    database = Database(settings.database, "gateway", runtime.tracing)
    await database.open()
    positions = Positions(runtime.bus, database)
    await positions.open(*READS)
    parts = Parts(runtime.bus, clock)
    await parts.open()
    directory = Directory(runtime.bus, database)
    runtime.health.checks["fleet_directory"] = lambda: Finding(
        directory.loaded.is_set(), "" if directory.loaded.is_set() else "not loaded yet"
    )
    commands = CommandBus(runtime.bus, "gateway")
    trail = Trail(commands, clock)
    bindings = Bindings(settings.access, directory, trail, runtime.log)
    await bindings.read()
    runtime.health.checks["access_bindings"] = bindings.finding
    other = elsewhere(settings, runtime.outside, directory, clock)
    age = timedelta(hours=settings.access.session_hours)
    return Gate(
        runtime=runtime,
        database=database,
        access=Access(database, clock, granted=bindings.grants, session_age=age),
        commands=commands,
        positions=positions,
        parts=parts,
        directory=directory,
        trail=trail,
        clock=clock,
        briefly=Briefly(clock),
        bindings=bindings,
        provider=other.provider,
        reviews=other.reviews,
    )


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    gate = await open_gate(settings)
    try:
        await _serve(gate, stopping)
    finally:
        await gate.database.close()
        await gate.runtime.close()
        logger("process").info("stopped")


async def _serve(gate: Gate, stopping: asyncio.Event) -> None:
    settings, directory = gate.runtime.settings, gate.directory

    def observe(delivery: Delivery) -> None:
        directory.observe(delivery)
        if delivery.subject.startswith(_RIGHTS) and delivery.subject.endswith(_LESS):
            gate.access.forget()
            live.recheck()

    tail = Tail(gate.log, directory.name, settings.gateway.ring, before=observe)
    telemetry = TelemetryTail(gate.runtime.bus, directory.name)
    live = Live(
        tail,
        gate.principal,
        settings.gateway,
        gate.clock,
        telemetry=telemetry,
        trail=gate.trail,
    )
    gate.runtime.health.checks["live_stream"] = lambda: Finding(
        tail.error is None, tail.error or ""
    )
    app = build(gate, live_socket(live), log_tail_socket(live, gate))
    app.state["live"] = live
    front = Front(app, gate)
    sharing = Sharing(gate.runtime.bus, front.limiter, gate.clock)
    server = _Server(_config(front, settings))
    telling = Telling(gate.runtime.health, gate.runtime.bus)
    runs = [
        directory.run,
        partial(_follow, tail, directory),
        telemetry.run,
        live.run,
        telling.run,
        gate.trail.run,
        gate.access.run,
        gate.bindings.run,
        sharing.run,
        answering(gate, app).run,
    ]
    gate.bindings.changed.append(live.recheck)
    loops = [asyncio.create_task(loop(stopping)) for loop in runs]
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stopping.wait())
    logger("process").info("started", port=settings.gateway.port)
    await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    await live.shutdown()
    server.should_exit = True
    await asyncio.gather(serving, waiting, *loops)


async def _follow(tail: Tail, directory: Directory, stopping: asyncio.Event) -> None:
    """Without a database clusters have no names, but events."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(directory.loaded.wait(), _NAMES_WITHIN)
    await tail.run(stopping)


def _config(app: Front, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.gateway.host,
        port=settings.gateway.port,
        loop="none",
        http=HeadProtocol,
        **websocket_options(),
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
