"""A backend of a cluster, as far as a health check sees it: one HTTP server that can be ill."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Backend:
    """Answers every request in the way that is set."""

    status: int = 200
    hangs: bool = False
    url: str = ""
    asked: list[str] = field(default_factory=list[str])
    """Paths, in the order in which they were asked for."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(request.split(b" ", 2)[1].decode())
            if self.hangs:
                await asyncio.sleep(60)
            writer.write(
                b"HTTP/1.1 %d Told\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
                % self.status
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def backend() -> AsyncGenerator[Backend]:
    """A backend for the time of a block."""
    made = Backend()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
