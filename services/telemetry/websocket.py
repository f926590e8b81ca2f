"""A WebSocket to a backend, through the same checked connections as every other request.

It is opened by an ordinary request of `services.runtime.outbound`, so that the rules for addresses,
TLS and the login hold for it as well; what then comes is read by the protocol of `websockets`.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import httpcore
import httpx
from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import WebSocketURI

from contracts.refusals import Code, Refused
from services.runtime.backends import faults
from services.runtime.backends.backend import Backend, Params
from services.runtime.outbound.faults import Fault, FaultKind, fault_of, place
from services.runtime.outbound.transport import LASTING

_READ = 64 * 1024
_SHOWN = 4_096
"""Bytes that are read of an answer instead of a WebSocket."""
_LARGEST = 8 * 1024 * 1024
"""Bytes of a message: each tail may hold one."""
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


class Socket:
    """An open WebSocket, of which only messages to us are of interest."""

    def __init__(
        self, backend: Backend, response: httpx.Response, protocol: ClientProtocol
    ) -> None:
        self._backend = backend
        self._url = response.request.url
        stream: object = response.extensions["network_stream"]
        self._stream = cast("httpcore.AsyncNetworkStream", stream)
        self._protocol = protocol
        # What came right behind the handshake, or together, waits here for its turn.
        self._frames: deque[Frame] = deque()
        self._held = bytearray()
        self._heard_at = asyncio.get_running_loop().time()

    @property
    def quiet(self) -> float:
        """Seconds since anything has come."""
        return asyncio.get_running_loop().time() - self._heard_at

    async def receive(self, seconds: float) -> bytes | None:
        """The next message, None if there is none in this time; Refused when it has ended."""
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
            raise faults.of_fault(self._backend.which, fault_of(error, self._url)) from None
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
                raise faults.of_fault(self._backend.which, fault_of(error, self._url)) from None

    def _require_open(self) -> None:
        spoken, broken = faults.SPOKEN[self._backend.which], self._protocol.parser_exc
        if isinstance(broken, PayloadTooBig):
            text = f"{spoken}: a message is over {_most(self._backend)} bytes; choose fewer lines"
            raise Refused(Code.LIMIT_REACHED, text)
        if broken is not None and not isinstance(broken, EOFError):
            raise faults.broken(self._backend.which, "it breaks the rules of WebSockets")
        if broken is not None or self._protocol.close_rcvd is not None:
            fault = Fault(FaultKind.RESET, f"{place(self._url)} has ended the WebSocket")
            raise faults.of_fault(self._backend.which, fault)


@asynccontextmanager
async def connected(
    backend: Backend, path: str, params: Params, *, seconds: float
) -> AsyncGenerator[Socket]:
    """A WebSocket for the time of a block; Refused if there is none within these seconds."""
    url = httpx.URL(backend.endpoint.url)
    secure, port = url.scheme == "https", url.port or (443 if url.scheme == "https" else 80)
    where = WebSocketURI(secure, url.host, port, url.path, "", None, None)
    protocol = ClientProtocol(where, max_size=_most(backend))
    response = None
    try:
        async with backend.tried():
            response = await _asked(backend, path, params, (protocol, seconds))
            _shake(backend, response, protocol)
        socket = Socket(backend, response, protocol)
        yield socket
        await _quietly(socket)
    finally:
        if response is not None:
            await response.aclose()


def _most(backend: Backend) -> int:
    return min(backend.limit, _LARGEST)


async def _quietly(socket: Socket) -> None:
    try:
        await socket.close()
    except Refused:
        return  # It has ended by itself.


async def _asked(
    backend: Backend, path: str, params: Params, how: tuple[ClientProtocol, float]
) -> httpx.Response:
    protocol, seconds = how
    headers = dict(protocol.connect().headers.raw_items())
    del headers["Host"]
    headers |= {"Accept-Encoding": "identity", **backend.endpoint.headers}
    client = backend.endpoint.client(backend.asked.outside.outbound)
    request = client.build_request(
        "GET", path, params=tuple(params), headers=headers, extensions={LASTING: True}
    )
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
        raise faults.of_fault(backend.which, Fault(FaultKind.TIMEOUT, text)) from None
    except _ERRORS as error:
        raise faults.of_fault(backend.which, fault_of(error, request.url)) from None
    raise _refusal(backend, response, body)


async def _beginning(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= _SHOWN:
            break
    return bytes(body[:_SHOWN])


def _refusal(backend: Backend, response: httpx.Response, body: bytes) -> Refused:
    which, status = backend.which, response.status_code
    if 200 <= status < 300:
        page = faults.is_page(response.headers, body)
        return faults.page(which) if page else faults.broken(which, "it opens no WebSocket")
    now = backend.asked.outside.clock.now()
    refused = faults.of_status(which, status, response.headers, body, now)
    if refused.code is Code.CREDENTIALS_INVALID:
        text = f"{refused.message}{backend.endpoint.moved}"
        return Refused(refused.code, text, refused.details)
    return refused


def _shake(backend: Backend, response: httpx.Response, protocol: ClientProtocol) -> None:
    """Let the protocol check what has been answered to its handshake."""
    lines = [b"%s: %s\r\n" % each for each in response.headers.raw]
    protocol.receive_data(b"HTTP/1.1 101 Switching Protocols\r\n" + b"".join(lines) + b"\r\n")
    protocol.events_received()
    if protocol.handshake_exc is not None:
        raise faults.broken(backend.which, "its handshake for the WebSocket is not sound")
