"""TCP and TLS by the event loop itself: the network that `httpcore` stands on.

`httpcore`'s own way is through anyio, whose TLS is Python over memory buffers; uvloop has it in C.
"""

import asyncio
import ssl
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import cast

import httpcore

_PIECE = 64 * 1024
_FULL = 256 * 1024
"""Bytes that have come and were not asked for; then the other end has to wait."""


class _Pipe(asyncio.Protocol):
    """One connection: what has come, whether there is room to send, and how it has ended."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self.error: Exception | None = None
        self._held = bytearray()
        self._paused = False
        self._room = True
        self._waiting: asyncio.Future[None] | None = None

    @property
    def readable(self) -> bool:
        """True if a read would not wait: there is something, or the end."""
        return bool(self._held) or self.ended

    @property
    def writable(self) -> bool:
        """False while the other end does not keep up."""
        return self._room or self.ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > _FULL and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended, self.error = True, exc
        self._wake()

    def pause_writing(self) -> None:
        self._room = False

    def resume_writing(self) -> None:
        self._room = True
        self._wake()

    def take(self, most: int) -> bytes:
        """What has come, up to so many bytes; nothing at the end."""
        taken = bytes(self._held[:most])
        del self._held[:most]
        if self._paused and not self._held and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        if not taken and self.error is not None:
            raise self.error
        return taken

    async def news(self) -> None:
        """Wait until something changes; one waits at a time, as HTTP/1.1 reads or writes."""
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection as `httpcore` uses it."""

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe

    @property
    def _transport(self) -> asyncio.Transport:
        transport = self._pipe.transport
        if transport is None:
            raise httpcore.ReadError("not connected")
        return transport

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, at least something; nothing at the end."""
        with _as_httpcore(httpcore.ReadError, httpcore.ReadTimeout):
            if not self._pipe.readable:
                async with asyncio.timeout(timeout):
                    while not self._pipe.readable:
                        await self._pipe.news()
            return self._pipe.take(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send; returns when there is room for more."""
        if not buffer:
            return
        with _as_httpcore(httpcore.WriteError, httpcore.WriteTimeout):
            # In pieces: TLS takes whatever it is given at once, and only then says that it is full.
            for start in range(0, len(buffer), _PIECE):
                if self._pipe.error is not None:
                    raise self._pipe.error
                self._transport.write(buffer[start : start + _PIECE])
                if not self._pipe.writable:
                    async with asyncio.timeout(timeout):
                        while not self._pipe.writable:
                            await self._pipe.news()

    async def aclose(self) -> None:
        """Close it, whatever is under way."""
        if self._pipe.transport is not None:
            self._pipe.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Go on with TLS."""
        with _as_httpcore(httpcore.ConnectError, httpcore.ConnectTimeout):
            async with asyncio.timeout(timeout):
                self._pipe.transport = await asyncio.get_running_loop().start_tls(
                    self._transport, self._pipe, ssl_context, server_hostname=server_hostname
                )
        if self._pipe.transport is None:
            raise httpcore.ConnectError("the connection ended while TLS began")
        return self

    def get_extra_info(self, info: str) -> object:
        """What `httpcore` asks about a connection."""
        if info == "is_readable":
            return self._pipe.readable
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))


class EventLoopNetwork(httpcore.AsyncNetworkBackend):
    """Connects by the running event loop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to an address."""
        local = (local_address, 0) if local_address else None
        with _as_httpcore(httpcore.ConnectError, httpcore.ConnectTimeout):
            async with asyncio.timeout(timeout):
                transport, pipe = await asyncio.get_running_loop().create_connection(
                    _Pipe, host, port, local_addr=local
                )
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return _Stream(pipe)


@contextmanager
def _as_httpcore(failed: type[Exception], late: type[Exception]) -> Generator[None]:
    """The system's errors as those that `httpcore` knows, with what happened as their cause."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:  # ssl.SSLError is one.
        raise failed(str(error)) from error
