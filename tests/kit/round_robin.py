"""A dumb proxy: every connection goes to the next server in turn, whoever it is from."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

_HOST = "127.0.0.1"
_CHUNK = 64 * 1024


@dataclass
class RoundRobin:
    """Passes bytes on and looks at none of them; who meets a server that is down is cut off."""

    ports: Sequence[int]
    port: int = 0
    connections: Counter[int] = field(default_factory=Counter[int])
    """How many each server has had, by its port."""
    _turn: int = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        port = self.ports[self._turn % len(self.ports)]
        self._turn += 1
        try:
            behind, beyond = await asyncio.open_connection(_HOST, port)
        except OSError:
            writer.close()
            return
        self.connections[port] += 1
        await asyncio.gather(_pass(reader, beyond), _pass(behind, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, to its end."""
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def round_robin(*ports: int) -> Generator[RoundRobin]:
    """A proxy before servers on these ports, in a thread of its own, for the time of a block."""
    proxy, ready = RoundRobin(ports), threading.Event()
    loop, stopping = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(proxy.take, _HOST, 0)
        proxy.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stopping.wait()
        server.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
