"""A round-robin TCP proxy that knows nothing of what passes, with lines that can be cut."""

import asyncio
import itertools
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.kit.live import Stream

_HELD = 2**17
"""Bytes that are kept for somebody who takes nothing, at each place where some are."""


@dataclass(eq=False)
class Balancer:
    """Sends each connection to the next backend; without one it hangs up at once."""

    port: int = 0
    streams: list[Stream] = field(default_factory=list[Stream])
    connections: int = 0
    """So far."""
    holding: bool = False
    """True: bytes of the backends get stuck here."""
    allowance: Callable[[], int] = lambda: sys.maxsize
    """After how many bytes of its backend a new connection breaks, be it within a frame."""
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def cut(self) -> None:
        """Break every connection, without a word."""
        for each in self._open:
            each.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        self.connections += 1
        self._open.add(writer)
        try:
            if self.streams:
                backend = self.streams[next(self._turn) % len(self.streams)]
                await self._join(reader, writer, backend.server.port)
        except OSError:
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _join(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
    ) -> None:
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port, limit=_HELD)
        back_writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _HELD)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _HELD)
        try:
            tasks = [
                asyncio.ensure_future(self._pass(reader, back_writer, sys.maxsize)),
                asyncio.ensure_future(self._pass(back_reader, writer, self.allowance())),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            back_writer.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int
    ) -> None:
        while most > 0 and (data := await reader.read(min(most, _HELD))):
            if self.holding:
                await asyncio.Event().wait()
            most -= len(data)
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def balancing(*streams: Stream) -> AsyncGenerator[Balancer]:
    """A balancer in front of these gateways."""
    balancer = Balancer(streams=[*streams])
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0, limit=_HELD)
    balancer.port = server.sockets[0].getsockname()[1]
    try:
        yield balancer
    finally:
        server.close()
        balancer.cut()
        await server.wait_closed()
