"""A bare keep-alive HTTP/1.1 client and a bare WebSocket reader.

The driver shares the cores with what it measures, so it does no more than it must: about 40 µs of
CPU a request, where httpx takes a millisecond.
"""

import asyncio
import base64
import re
import struct
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import msgspec

from services.runtime.ids import new_secret

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_END = b"\r\n\r\n"
_EVENT = b'{"type":"event"'


class Answer(NamedTuple):
    """A response."""

    status: int
    body: bytes


class Broken(Exception):
    """The server hung up, or said something that is not understood."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect, and what to show there."""

    host: str
    port: int
    token: str = ""

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A whole request, ready to be written."""
        head = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if self.token:
            head.append(f"Authorization: Bearer {self.token}")
        if body:
            head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*head, "", ""]).encode() + body

    async def connect(self) -> "Connection":
        """A connection of one's own."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, self.host, self.port)
        return connection

    async def once(self, method: str, path: str, body: Any = None) -> Answer:
        """One request on a connection of its own."""
        connection = await self.connect()
        encoded = b"" if body is None else msgspec.json.encode(body)
        try:
            return await connection.ask(self.request(method, path, encoded))
        finally:
            connection.close()


def _joined(chunks: bytes) -> bytes:
    """The body in its chunks (RFC 9112, section 7.1)."""
    parts: list[bytes] = []
    at = 0
    while True:
        end = chunks.index(b"\r\n", at)
        size = int(chunks[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(chunks[end + 2 : end + 2 + size])
        at = end + 4 + size


class Connection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._buffer = b""
        self._whole = 0
        self._body_at = 0
        self._chunked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        """Write a request; the future of its response."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport.is_closing():
            self._answer.set_exception(Broken("the server hung up"))
            return self._answer
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._whole and not self._read_head():
            return
        if self._chunked:
            if not self._buffer.endswith(_LAST_CHUNK):
                return
            body = _joined(self._buffer[self._body_at :])
        elif len(self._buffer) < self._whole:
            return
        else:
            body = self._buffer[self._body_at : self._whole]
        answer = Answer(int(self._buffer[9:12]), body)
        self._buffer, self._whole = b"", 0
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _read_head(self) -> bool:
        end = self._buffer.find(_END)
        if end < 0:
            return False
        found = _LENGTH.search(self._buffer, 0, end)
        self._body_at = end + len(_END)
        self._whole = self._body_at + (int(found[1]) if found else 0)
        self._chunked = found is None and _CHUNKED.search(self._buffer, 0, end) is not None
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken("the server hung up"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


@dataclass
class LiveReader(asyncio.Protocol):
    """Subscribes to the live stream and keeps every event frame with the time of its arrival."""

    address: Address
    events: list[tuple[float, bytes]] = field(default_factory=list[tuple[float, bytes]])
    """Arrival (`time.perf_counter`) and frame as it came; read it after the measurement."""
    closed: bool = False
    _others: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue[dict[str, Any]])
    _transport: asyncio.Transport | None = None
    _buffer: bytearray = field(default_factory=bytearray)
    _upgraded: bool = False

    async def open(self) -> None:
        """Connect, log in, subscribe to everything from now on; Broken if there is no ``/ws``."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, self.address.host, self.address.port)
        self._write(self._handshake())
        if (await self._other())["type"] != "upgraded":
            raise Broken("there is no live stream")
        self._send(1, msgspec.json.encode({"type": "auth", "token": self.address.token}))
        await self._expect("auth_response")
        wanted = {"event_types": ["ALERT_FIRED", "ALERT_RESOLVED"]}
        self._send(1, msgspec.json.encode({"type": "subscribe", "subscription": wanted}))
        await self._expect("subscribed")

    async def _expect(self, kind: str) -> None:
        frame = await self._other()
        if frame["type"] != kind:
            raise Broken(f"{kind} was expected, {frame} came")

    async def _other(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return await self._others.get()

    def _handshake(self) -> bytes:
        key = base64.b64encode(new_secret(12)[:16].encode()).decode()
        return (
            f"GET /ws HTTP/1.1\r\nHost: {self.address.host}:{self.address.port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def _send(self, opcode: int, payload: bytes) -> None:
        """One frame of a client: masked, by a mask of zeros."""
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
        self._write(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._buffer += data
        if not self._upgraded and not self._read_upgrade():
            return
        at = 0
        while (end := self._frame(at, now)) > 0:
            at = end
        del self._buffer[:at]

    def _read_upgrade(self) -> bool:
        end = self._buffer.find(_END)
        if end < 0:
            return False
        self._upgraded = bytes(self._buffer[9:12]) == b"101"
        kind = "upgraded" if self._upgraded else "refused"
        self._others.put_nowait({"type": kind})
        del self._buffer[: end + len(_END)]
        return self._upgraded

    def _frame(self, at: int, now: float) -> int:
        """Take the frame that begins here; where it ends, 0 if it is not all there."""
        buffer = self._buffer
        if len(buffer) < at + 4:
            return at + 2 if len(buffer) >= at + 2 and self._empty(at) else 0
        size, start = buffer[at + 1], at + 2
        if size == 126:
            size, start = int.from_bytes(buffer[at + 2 : at + 4]), at + 4
        elif size == 127:
            size, start = int.from_bytes(buffer[at + 2 : at + 10]), at + 10
        end = start + size
        if len(buffer) < end:
            return 0
        self._take(buffer[at] & 0x0F, bytes(buffer[start:end]), now)
        return end

    def _empty(self, at: int) -> bool:
        if self._buffer[at + 1] != 0:
            return False
        self._take(self._buffer[at] & 0x0F, b"", 0.0)
        return True

    def _take(self, opcode: int, payload: bytes, now: float) -> None:
        if opcode == 9:
            self._send(10, payload)
        elif opcode == 8:
            self.closed = True
        elif payload.startswith(_EVENT):
            self.events.append((now, payload))
        elif opcode == 1:
            self._others.put_nowait(msgspec.json.decode(payload))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()
