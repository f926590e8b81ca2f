"""A way to a server that a test can cut: what is on it breaks off, and nothing gets through."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65_536


@dataclass
class Way:
    """Passes on to a port of this machine whatever comes, unless it is cut."""

    port: int
    """Where it leads."""
    url: str = ""
    """Where it begins."""
    _open: bool = True
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def lead_to(self, port: int) -> None:
        """Lead to another port from now on."""
        self.cut()
        self.port = port
        self.mend()

    def cut(self) -> None:
        """Break off what is on it; what comes is turned away until it is mended."""
        self._open = False
        for writer in [*self._writers]:
            writer.transport.abort()

    def mend(self) -> None:
        """Let through what comes from now on."""
        self._open = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        if not self._open:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        self._writers -= {writer, back}


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(_CHUNK):
            writer.write(part)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def way_to(url: str) -> AsyncGenerator[Way]:
    """A way to a server on this machine, for the time of a block."""
    way = Way(int(url.rpartition(":")[2]))
    server = await asyncio.start_server(way.serve, "127.0.0.1", 0)
    way.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield way
    finally:
        server.close()
        way.cut()
