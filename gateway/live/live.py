"""All live connections of this process."""

import asyncio
from dataclasses import dataclass, field

from gateway.live.connection import Ambient, Authenticate, Connection, Terms
from gateway.live.ending import EXPIRED, FULL, RESTARTING, TOO_SLOW
from gateway.live.outlet import AnySocket, Outlet
from gateway.live.subscriptions import Subscriptions
from gateway.live.talk import Begin, Writer
from services.runtime import metrics
from services.runtime.clock import Clock
from services.runtime.database import DatabaseUnavailable
from services.runtime.logging import logger
from services.runtime.settings import GatewaySettings
from services.runtime.tail import Tail

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
    _connections: set[Connection] = field(default_factory=set[Connection], init=False)
    _closing: bool = field(default=False, init=False)

    @property
    def clients(self) -> int:
        """Connections now."""
        return len(self._connections)

    def events(self, outlet: Outlet, writer: Writer) -> Subscriptions:
        """Begin to tell a client of events."""
        return Subscriptions(outlet, writer, self.clock, self.tail)

    async def serve(self, socket: AnySocket, ambient: Ambient | None, begin: Begin) -> None:
        """One client, from the handshake to the close; ``begin`` says what is spoken of."""
        outlet = Outlet(socket)
        await outlet.accept()
        terms = Terms(self.authenticate, self.clock, self.auth_seconds)
        connection = Connection(terms, outlet, begin)
        if self._closing:
            connection.end(RESTARTING)
        elif len(self._connections) >= self.settings.max_clients:
            connection.end(FULL)
        self._connections.add(connection)
        metrics.WS_CONNECTIONS.inc()
        metrics.WS_CONNECTIONS_TOTAL.inc()
        try:
            await connection.run(ambient)
        finally:
            self._connections.discard(connection)
            metrics.WS_CONNECTIONS.dec()

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
            await asyncio.sleep(min(1.0, longest / 10))
            for connection in list(self._connections):
                if connection.outlet.stalled() > longest:
                    metrics.WS_SLOW.inc()
                    logger("live").warning("slow_client", user=_name(connection))
                    connection.end(TOO_SLOW)

    async def _recheck(self) -> None:
        """A login that was revoked, or whose rights changed, ends the connection."""
        while True:
            await asyncio.sleep(min(1.0, self.recheck_seconds / 4))
            due = self.clock.monotonic() - self.recheck_seconds
            for connection in list(self._connections):
                if connection.principal is not None and connection.checked <= due:
                    await self._check(connection)

    async def _check(self, connection: Connection) -> None:
        connection.checked = self.clock.monotonic()
        try:
            now = await self.authenticate(connection.secret)
        except DatabaseUnavailable:
            return
        if now != connection.principal:
            connection.end(EXPIRED)

    async def shutdown(self) -> None:
        """Send every client away to come back elsewhere. Call it before uvicorn is told to exit."""
        self._closing = True
        for connection in list(self._connections):
            connection.end(RESTARTING)
        try:
            async with asyncio.timeout(_GOODBYE):
                for connection in list(self._connections):
                    await connection.closed.wait()
        except TimeoutError:
            for connection in list(self._connections):
                connection.outlet.cut()


def _name(connection: Connection) -> str | None:
    return None if connection.principal is None else connection.principal.name
