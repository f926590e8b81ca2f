"""A WebSocket to a system outside, through the same checked connections as every other request.

It is opened by an ordinary request of `services.runtime.outbound`, so that the rules for addresses,
TLS and the login hold for it as well; what then comes is read by the protocol of `websockets`
(RFC 6455).
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import httpcore
import httpx
from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from services.runtime.outbound.faults import Fault, FaultKind, fault_of, place
from services.runtime.outbound.reading import Answer
from services.runtime.outbound.transport import LASTING

_READ = 64 * 1024
_SHOWN = 4_096
"""Bytes that are read of an answer instead of a WebSocket."""
_CLOSING = 1.0
_SWITCHING = 101
_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    ssl.SSLError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What is asked for."""

    path: str
    params: Sequence[tuple[str, str]] = ()
    """Names may repeat."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    subprotocols: Sequence[str] = ()
    """That are understood, the best one first."""
    largest: int = 8 * 1024 * 1024
    """Bytes of a message."""


class Denied(Exception):
    """There was an answer, and it is no WebSocket; of its body, there is the beginning."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"answered {answer.status} instead of opening a WebSocket")
        self.answer = answer


class Misspoken(Fault):
    """What came breaks the rules of WebSockets."""

    def __init__(self, url: httpx.URL, what: str) -> None:
        super().__init__(FaultKind.NOT_HTTP, f"{place(url)}: {what}")
        self.what = what


class Oversized(Fault):
    """A message is larger than was allowed."""

    def __init__(self, url: httpx.URL, largest: int) -> None:
        super().__init__(FaultKind.TOO_LARGE, f"a message of {place(url)} is over {largest} bytes")


class Ended(Fault):
    """The other end has closed it, or has hung up."""

    def __init__(self, url: httpx.URL) -> None:
        super().__init__(FaultKind.RESET, f"{place(url)} has ended the WebSocket")


class Socket:
    """An open WebSocket, of which only messages to us are of interest."""

    def __init__(self, response: httpx.Response, protocol: ClientProtocol, largest: int) -> None:
        self._url = response.request.url
        stream: object = response.extensions["network_stream"]
        self._stream = cast("httpcore.AsyncNetworkStream", stream)
        self._protocol = protocol
        self._largest = largest
        # What came right behind the handshake, or together, waits here for its turn.
        self._frames: deque[Frame] = deque()
        self._held = bytearray()
        self._heard_at = asyncio.get_running_loop().time()

    @property
    def quiet(self) -> float:
        """Seconds since anything has come."""
        return asyncio.get_running_loop().time() - self._heard_at

    @property
    def subprotocol(self) -> str | None:
        """The one that the other end has chosen."""
        return self._protocol.subprotocol

    async def receive(self, seconds: float) -> bytes | None:
        """The next message, None if there is none in this time; Fault when it has ended.

        What came before the end is given first.
        """
        ends = asyncio.get_running_loop().time() + seconds
        while True:
            while self._frames:
                message = self._taken(self._frames.popleft())
                if message is not None:
                    return message
            self._require_open()
            left = ends - asyncio.get_running_loop().time()
            if left <= 0 or not await self._read(left):
                return None

    async def ping(self) -> None:
        """Have the other end say something."""
        self._protocol.send_ping(b"")
        await self._flush()

    async def close(self) -> None:
        """Say so to the other end, and wait for nothing."""
        if self._protocol.state is not State.OPEN:
            return
        self._protocol.send_close(1000)
        await self._flush()

    def _taken(self, frame: Frame) -> bytes | None:
        """A whole message, if it ends with this frame."""
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY | Opcode.CONT:
                self._held += frame.data
            case _:
                return None
        if not frame.fin:
            return None
        message = bytes(self._held)
        self._held.clear()
        return message

    async def _read(self, seconds: float) -> bool:
        try:
            data = await self._stream.read(_READ, seconds)
        except httpcore.ReadTimeout:
            return False
        except _ERRORS as error:
            raise fault_of(error, self._url) from None
        self._heard_at = asyncio.get_running_loop().time()
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._frames.extend(cast("list[Frame]", self._protocol.events_received()))
        await self._flush()  # The answers to pings, and to a closing.
        return True

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if not data:
                continue
            try:
                await self._stream.write(data, _CLOSING)
            except _ERRORS as error:
                if self._frames or self._protocol.close_rcvd is not None:
                    return  # Whoever has said all and hung up needs no answer any more.
                raise fault_of(error, self._url) from None

    def _require_open(self) -> None:
        broken = self._protocol.parser_exc
        if isinstance(broken, PayloadTooBig):
            raise Oversized(self._url, self._largest)
        if broken is not None and not isinstance(broken, EOFError):
            raise Misspoken(self._url, "it breaks the rules of WebSockets")
        if broken is not None or self._protocol.close_rcvd is not None:
            raise Ended(self._url)


@asynccontextmanager
async def connected(
    client: httpx.AsyncClient, opening: Opening, *, seconds: float
) -> AsyncGenerator[Socket]:
    """A WebSocket for the time of a block.

    Fault if there is none within these seconds, Denied if the answer is something else.
    """
    protocol = _protocol(client.base_url, opening)
    response = await _asked(client, opening, (protocol, seconds))
    try:
        _shake(response, protocol)
        socket = Socket(response, protocol, opening.largest)
        yield socket
        await _quietly(socket)
    finally:
        await response.aclose()


def _protocol(url: httpx.URL, opening: Opening) -> ClientProtocol:
    secure = url.scheme == "https"
    where = WebSocketURI(
        secure, url.host, url.port or (443 if secure else 80), url.path, "", None, None
    )
    understood = [Subprotocol(each) for each in opening.subprotocols]
    return ClientProtocol(where, subprotocols=understood or None, max_size=opening.largest)


async def _quietly(socket: Socket) -> None:
    try:
        await socket.close()
    except Fault:
        return  # It has ended by itself.


async def _asked(
    client: httpx.AsyncClient, opening: Opening, how: tuple[ClientProtocol, float]
) -> httpx.Response:
    protocol, seconds = how
    headers = dict(protocol.connect().headers.raw_items())
    del headers["Host"]
    headers |= {"Accept-Encoding": "identity", **opening.headers}
    request = _request(client, opening, headers)
    try:
        async with asyncio.timeout(seconds):
            response = await client.send(request, stream=True, follow_redirects=False)
            if response.status_code == _SWITCHING:
                return response
            try:
                body = await _beginning(response)
            finally:
                await response.aclose()
    except TimeoutError:
        text = f"{place(request.url)} opened no WebSocket within {seconds:g} s"
        raise Fault(FaultKind.TIMEOUT, text) from None
    except _ERRORS as error:
        raise fault_of(error, request.url) from None
    raise Denied(Answer(response.status_code, response.headers, body))


def _request(
    client: httpx.AsyncClient, opening: Opening, headers: Mapping[str, str]
) -> httpx.Request:
    params, lasting = tuple(opening.params), {LASTING: True}
    try:
        return client.build_request(
            "GET", opening.path, params=params, headers=headers, extensions=lasting
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise fault_of(error, client.base_url) from None


async def _beginning(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= _SHOWN:
            break
    return bytes(body[:_SHOWN])


def _shake(response: httpx.Response, protocol: ClientProtocol) -> None:
    """Let the protocol check what has been answered to its handshake."""
    lines = [b"%s: %s\r\n" % each for each in response.headers.raw]
    protocol.receive_data(b"HTTP/1.1 101 Switching Protocols\r\n" + b"".join(lines) + b"\r\n")
    protocol.events_received()
    if protocol.handshake_exc is not None:
        raise Misspoken(response.request.url, "its handshake for the WebSocket is not sound")
