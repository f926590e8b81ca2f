"""Requests whose answers come word by word, such as a model's: many parts, each of them small.

`httpcore` reads by h11, which is Python: for words one by one that is two to three times the CPU.
Here h11 writes the request, and what comes is read by llhttp, the parser of Node.js, all that has
come since the last look at once. Connections are made and checked as those of other requests are.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

import h11
import httpcore
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from services.runtime.clock import Clock

_READ = 64 * 1024
_HEAD = 64 * 1024
"""Bytes of a head: no sensible one is longer."""
_LONG = "the head of the answer does not come to an end"
_MISSPOKEN = "the answer breaks the rules of HTTP"
_CLOSED = "the connection ended before the answer did"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How many connections a host gets."""

    most: int
    kept: int
    """For the next request."""
    seconds: float
    """For which those are kept."""


class StreamedConnections:
    """Connections to one host; used as an `httpcore.AsyncConnectionPool` is."""

    def __init__(
        self,
        network: httpcore.AsyncNetworkBackend,
        context: ssl.SSLContext,
        clock: Clock,
        keeping: Keeping,
    ) -> None:
        self._network = network
        self._context = context
        self._clock = clock
        self._keeping = keeping
        self._turns = asyncio.Semaphore(keeping.most)
        self._idle: list[tuple[httpcore.AsyncNetworkStream, float]] = []
        self._busy: list[httpcore.AsyncNetworkStream] = []

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """The answer's head; its body is read as it is asked for, errors are `httpcore`'s."""
        told = cast("Mapping[str, Any]", cast("Any", request).extensions)
        seconds: Mapping[str, float | None] = told.get("timeout", {})
        await self._turn(seconds.get("pool"))
        stream = None
        try:
            stream = await self._rested() or await self._connected(
                request.url, told.get("sni_hostname"), seconds.get("connect")
            )
            self._busy.append(stream)
            await _send(stream, request, seconds.get("write"))
            answer = _Answer(stream, seconds.get("read"))
            await answer.begin()
        except BaseException:
            await self._end(stream, keep=False)
            raise
        body = _Body(answer, partial(self._end, stream))
        return httpcore.Response(answer.status, headers=answer.headers, content=body)

    async def aclose(self) -> None:
        """Close all, those in use too."""
        for stream in [*self._busy, *(each for each, _ in self._idle)]:
            await stream.aclose()
        self._idle.clear()

    async def _turn(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()
        except TimeoutError as error:
            raise httpcore.PoolTimeout from error

    async def _rested(self) -> httpcore.AsyncNetworkStream | None:
        """A connection that was kept; what has come on it meanwhile can only be its end."""
        since = self._clock.monotonic() - self._keeping.seconds
        while self._idle:
            stream, at = self._idle.pop()
            if at > since and not stream.get_extra_info("is_readable"):
                return stream
            await stream.aclose()
        return None

    async def _connected(
        self, url: httpcore.URL, server_name: str | None, seconds: float | None
    ) -> httpcore.AsyncNetworkStream:
        host, secure = url.host.decode("ascii"), url.scheme == b"https"
        port = url.port or (443 if secure else 80)
        stream = await self._network.connect_tcp(host, port, seconds)
        if not secure:
            return stream
        self._context.set_alpn_protocols(["http/1.1"])
        return await stream.start_tls(self._context, server_name or host, seconds)

    async def _end(self, stream: httpcore.AsyncNetworkStream | None, *, keep: bool) -> None:
        """A connection is not used any more."""
        self._turns.release()
        if stream is None:
            return
        self._busy = [each for each in self._busy if each is not stream]
        if keep and len(self._idle) < self._keeping.kept:
            self._idle.append((stream, self._clock.monotonic()))
        else:
            await stream.aclose()


async def _send(
    stream: httpcore.AsyncNetworkStream, request: httpcore.Request, seconds: float | None
) -> None:
    writing = h11.Connection(h11.CLIENT)
    with _as_httpcore():
        head = h11.Request(
            method=request.method, target=request.url.target, headers=request.headers
        )
        data = writing.send(head)
    try:
        await stream.write(data or b"", seconds)
        async for part in cast("AsyncIterator[bytes]", request.stream):
            with _as_httpcore():
                data = writing.send(h11.Data(data=part))
            await stream.write(data or b"", seconds)
        with _as_httpcore():
            data = writing.send(h11.EndOfMessage())
        await stream.write(data or b"", seconds)
    except httpcore.WriteError:
        return  # It may have answered before it has read all, and hung up.


@contextmanager
def _as_httpcore() -> Generator[None]:
    try:
        yield
    except h11.LocalProtocolError as error:
        raise httpcore.LocalProtocolError(str(error)) from error


class _Answer:
    """One answer as it comes; llhttp calls what begins with ``on``."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, seconds: float | None) -> None:
        self._stream = stream
        self._seconds = seconds
        self._parser = HttpResponseParser(self)
        self._headed = False
        self._broken: HttpParserError | None = None
        self._parts: list[bytes] = []
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.ended = False
        self.kept = False
        """Whether the connection may be used once more."""

    async def begin(self) -> None:
        """Read the head."""
        taken = 0
        while not self._headed:
            data = await self._read()
            if not data:
                text = "Server disconnected without sending a response."
                raise httpcore.RemoteProtocolError(text)
            taken += len(data)
            if taken > _HEAD and not self._headed:
                raise httpcore.RemoteProtocolError(_LONG) from HttpParserError(_LONG)

    async def more(self) -> bytes:
        """What has come of the body; empty at its end."""
        while not self._parts and not self.ended:
            if self._broken is not None:
                raise httpcore.RemoteProtocolError(_MISSPOKEN) from self._broken
            if not await self._read():
                self._at_end()
        part = b"".join(self._parts)
        self._parts.clear()
        return part

    async def _read(self) -> bytes:
        data = await self._stream.read(_READ, self._seconds)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            raise httpcore.RemoteProtocolError("it is no HTTP any more") from None
        except HttpParserError as error:
            if not self._headed:
                raise httpcore.RemoteProtocolError(_MISSPOKEN) from error
            self._broken, self.kept = error, False  # What came before it counts.
        return data

    def _at_end(self) -> None:
        """The connection has ended: so has the answer, if nothing else says where it ends."""
        framed = {b"content-length", b"transfer-encoding"}
        if any(name.lower() in framed for name, _ in self.headers):
            raise httpcore.RemoteProtocolError(_CLOSED)
        self.ended = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; what comes behind the body is no head."""
        if not self._headed:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head of the answer, or of one that only says that there will be one (1xx)."""
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers.clear()
        else:
            self._headed = True

    def on_body(self, body: bytes) -> None:
        """A piece of it, as it was sent."""
        if not self.ended:
            self._parts.append(body)

    def on_message_begin(self) -> None:
        """What follows the answer was not asked for."""
        if self.ended:
            self.kept = False

    def on_message_complete(self) -> None:
        """The end of the answer, or of a 1xx before it."""
        if self._headed:
            self.kept = not self.ended and self._parser.should_keep_alive()
            self.ended = True


class _End(Protocol):
    async def __call__(self, *, keep: bool) -> None: ...


class _Body:
    """The body of an answer; closing it gives the connection back."""

    def __init__(self, answer: _Answer, end: _End) -> None:
        self._answer = answer
        self._end = end
        self._closed = False

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        while part := await self._answer.more():
            yield part

    async def aclose(self) -> None:
        """Once is enough."""
        if not self._closed:
            self._closed = True
            await self._end(keep=self._answer.kept)
