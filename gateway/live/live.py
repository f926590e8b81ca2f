"""All live connections of this process."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.auth.trail import Trail
from gateway.live.connection import Ambient, Authenticate, Connection, Terms
from gateway.live.ending import EXPIRED, FULL, RESTARTING, TOO_SLOW, Ending
from gateway.live.feed import Source
from gateway.live.guest import Guest
from gateway.live.outlet import AnySocket, Outlet
from gateway.live.replays import Stage
from gateway.live.subscriptions import Subscriptions
from gateway.live.talk import Begin, Writer
from services.runtime import metrics
from services.runtime.clock import Clock
from services.runtime.database import DatabaseUnavailable
from services.runtime.frames import Encoder, measured_frame
from services.runtime.ids import new_secret
from services.runtime.logging import logger
from services.runtime.settings import GatewaySettings
from services.runtime.signals import Bell
from services.runtime.tail import Tail
from services.runtime.telemetry_tail import TelemetryTail

_GOODBYE = 3.0


@dataclass
class Live:
    """Serves clients, watches them, and sends them away when the process ends."""

    tail: Tail
    authenticate: Authenticate
    """With ``auth: none`` it is asked once for the secret ``""``."""
    settings: GatewaySettings
    clock: Clock
    auth_seconds: float = 10.0
    recheck_seconds: float = 60.0
    """How often a login is checked again."""
    telemetry: TelemetryTail | None = None
    """Without it there are events only."""
    trail: Trail | None = None
    """Told of what is refused on sockets."""
    instance: str = field(default_factory=lambda: f"{socket.gethostname()}/{new_secret(6)}")
    """This process, as it is told of."""
    guests: set[Guest] = field(default_factory=set[Guest], init=False)
    """Everybody who is connected."""
    _left: Bell = field(default_factory=Bell, init=False)
    """Rings when one has gone."""
    _closing: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        names = self.tail.names
        self.source = Source(self.tail, self.telemetry, self.clock)
        self._stage = Stage(
            self.tail.log,
            Encoder(names, self.tail.catalog),
            self.clock,
            telemetry=lambda delivery: measured_frame(delivery, names),
        )

    @property
    def clients(self) -> int:
        """Connections now."""
        return len(self.guests)

    def events(self, outlet: Outlet, writer: Writer) -> Subscriptions:
        """Begin to tell a client of events."""
        return Subscriptions(outlet, writer, self.clock, self.source, self._stage)

    async def serve(self, coming: AnySocket, ambient: Ambient | None, begin: Begin) -> None:
        """One client, from the handshake to the close; ``begin`` says what is spoken of."""
        outlet = Outlet(coming)
        await outlet.accept()
        terms = Terms(self.authenticate, self.clock, self.auth_seconds, self.trail)
        connection = Connection(terms, outlet, begin)
        if self.refusal is not None:
            connection.end(self.refusal)
        with self.present(connection):
            await connection.run(ambient)

    @contextmanager
    def present(self, guest: Guest) -> Generator[None]:
        """Look after a client for the time of a block: its login, its stalling, the end."""
        self.guests.add(guest)
        metrics.WS_CONNECTIONS.inc()
        metrics.WS_CONNECTIONS_TOTAL.inc()
        try:
            yield
        finally:
            self.guests.discard(guest)
            self._left.ring()
            metrics.WS_CONNECTIONS.dec()

    @property
    def refusal(self) -> Ending | None:
        """Why nobody is let in now; None if there is room."""
        if self._closing:
            return RESTARTING
        return FULL if self.clients >= self.settings.max_clients else None

    async def run(self, stopping: asyncio.Event) -> None:
        """Cut off who takes nothing and who may no longer listen, until told to stop."""
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(self._watch()), tasks.create_task(self._recheck())]
            await stopping.wait()
            for task in watching:
                task.cancel()

    async def _watch(self) -> None:
        longest = self.settings.slow_client_seconds
        while True:
            await asyncio.sleep(longest / 10)
            for guest in list(self.guests):
                if guest.stalled() > longest:
                    metrics.WS_SLOW.inc()
                    logger("live").warning("slow_client", user=_name(guest))
                    guest.end(TOO_SLOW)

    async def _recheck(self) -> None:
        """A login that was revoked, or whose rights changed, ends the connection."""
        while True:
            await asyncio.sleep(min(1.0, self.recheck_seconds / 4))
            due = self.clock.monotonic() - self.recheck_seconds
            for guest in list(self.guests):
                if guest.principal is not None and guest.checked <= due:
                    await self._check(guest)

    def recheck(self) -> None:
        """Somebody's rights have changed: every login is checked again within a second."""
        for guest in self.guests:
            guest.checked = float("-inf")

    async def _check(self, guest: Guest) -> None:
        guest.checked = self.clock.monotonic()
        try:
            now = await self.authenticate(guest.secret)
        except DatabaseUnavailable:
            return
        if now != guest.principal:
            guest.end(EXPIRED)

    async def shutdown(self) -> None:
        """Send every client away to come back elsewhere. Call it before uvicorn is told to exit."""
        self._closing = True
        for guest in list(self.guests):
            guest.end(RESTARTING)
        try:
            async with asyncio.timeout(_GOODBYE):
                while self.guests:
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            for guest in list(self.guests):
                guest.cut()


def _name(guest: Guest) -> str | None:
    return None if guest.principal is None else guest.principal.name
