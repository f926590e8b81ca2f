"""A WebSocket client by hand, cheap enough that a thousand of them share a core with a gateway."""

import asyncio
import base64
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import msgspec

from services.runtime.ids import new_secret
from tests.benchmarks.client import Address

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_END = b"\r\n\r\n"
_NO_MASK = bytes(4)


class _Told(msgspec.Struct):
    """What a client has to know of any frame; the rest is skipped."""

    type: str
    sequence: int | None = None
    timestamp: msgspec.Raw = msgspec.Raw(b"")
    events: "list[_Told] | None" = None


_DECODER = msgspec.json.Decoder(_Told)


@dataclass(frozen=True, slots=True)
class News:
    """What one frame of events says, or several frames alike: worked out once."""

    first: int
    last: int
    count: int
    whole: bool
    """The sequences follow each other at one distance."""
    step: int
    """That distance; 0 for a single event."""
    times: tuple[float, ...]
    """When the events happened, Unix seconds."""


@dataclass
class Told:
    """What all clients were told: every frame of events with its arrival."""

    keep: bool = True
    """Keep arrivals; without it, memory stays as it is however much comes."""
    frames: int = 0
    size: int = 0
    """Bytes of their payloads."""
    news: list[News] = field(default_factory=list[News])
    arrivals: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    """Unix seconds, and which of the news."""
    known: dict[bytes, int] = field(default_factory=dict[bytes, int])
    """Where in the news a frame is; the same one comes to many clients."""

    def of(self, payload: bytes) -> News | None:
        """The news in a frame; None if there are no events in it."""
        if not self.keep:
            return _news(payload)
        at = self.known.get(payload)
        if at is None:
            found = _news(payload)
            if found is None:
                return None
            at = self._remember(payload, found)
        self.arrivals.append((time.time(), at))
        return self.news[at]

    def _remember(self, payload: bytes, found: News) -> int:
        if len(self.known) > 20_000:
            self.known.clear()
        self.known[payload] = at = len(self.news)
        self.news.append(found)
        return at

    def latencies(self) -> list[float]:
        """Of every event at every client: seconds from when it happened to its arrival."""
        return [now - at for now, number in self.arrivals for at in self.news[number].times]


def _news(payload: bytes) -> News | None:
    told = _DECODER.decode(payload)
    events = [told] if told.type == "event" else told.events
    if not events:
        return None
    sequences = [each.sequence for each in events if each.sequence is not None]
    if not sequences:
        return None
    steps = {later - earlier for earlier, later in itertools.pairwise(sequences)}
    times = tuple(_time(each.timestamp) for each in events)
    step = steps.pop() if steps else 0
    return News(sequences[0], sequences[-1], len(sequences), not steps, step, times)


def _time(raw: msgspec.Raw) -> float:
    return msgspec.json.decode(raw, type=datetime).timestamp() if raw else 0.0


@dataclass(slots=True, eq=False)
class Seat:
    """One client, over all its connections: what it has seen, and whether that was right."""

    wanted: dict[str, Any]
    """The frame that it sends once it has logged in."""
    step: int
    """How far apart the sequences are that its filter lets through."""
    last: int = -1
    """The newest sequence; -1 before the first."""
    events: int = 0
    gaps: int = 0
    repeats: int = 0
    line: "Line | None" = None

    def begin(self, position: int) -> None:
        """The next event is the one after this position, if it wants all of them."""
        if self.step == 1 and self.last < 0:
            self.last = position

    def request(self) -> dict[str, Any]:
        """The frame that asks for the rest: a subscription's goes on where the client stands."""
        if "subscription" not in self.wanted or self.last < 0:
            return self.wanted
        asked = {**self.wanted["subscription"], "since_sequence": self.last}
        return {**self.wanted, "subscription": asked}

    def take(self, news: News) -> None:
        """Compare with what must come next."""
        if news.first <= self.last:
            self.repeats += 1
        elif self.last >= 0 and news.first > self.last + self.step:
            self.gaps += 1
        if not news.whole or news.step not in {0, self.step}:
            self.gaps += 1
        self.last = max(self.last, news.last)
        self.events += news.count


class Line(asyncio.Protocol):
    """One connection of a client: logs in, asks for what its seat wants, hands on the news."""

    def __init__(self, address: Address, seat: Seat, told: Told) -> None:
        self._address, self._seat, self.told = address, seat, told
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._upgraded = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once it is subscribed, or its replay plays; an error if that was refused."""
        self.lost: Callable[[Line], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(new_secret(12)[:16].encode()).decode()
        host = f"{self._address.host}:{self._address.port}"
        self._transport.write(
            f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at = 0 if self._upgraded else self._upgrade(data)
        size = len(data)
        while at + 2 <= size:
            length, start = data[at + 1], at + 2
            if length > 125:
                start += 2 if length == 126 else 8
                if start > size:
                    break
                length = int.from_bytes(data[at + 2 : start], "big")
            end = start + length
            if end > size:
                break
            self._frame(data[at] & 0x0F, data[start:end])
            at = end
        self._rest = data[at:] if at < size else b""

    def _upgrade(self, data: bytes) -> int:
        """Where the frames begin; log in and subscribe once the server has agreed."""
        end = data.find(_END)
        if end < 0:
            return 0
        if data[9:12] != b"101":
            self._fail(f"no live stream: {data[:40]!r}")
            return len(data)
        self._upgraded = True
        self.say({"type": "auth", "token": self._address.token})
        self.say(self._seat.request())
        return end + len(_END)

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            self._text(payload)
        elif opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE:
            self.abort()

    def _text(self, payload: bytes) -> None:
        if self._seat.line is not self:
            return
        told = self.told
        news = told.of(payload)
        if news is not None:
            told.frames += 1
            told.size += len(payload)
            self._seat.take(news)
            return
        other = msgspec.json.decode(payload)
        match other["type"]:
            case "subscribed":
                self._seat.begin(other["sequence"])
                self._is_ready()
            case "replay_state":
                self._is_ready()
            case "error" | "disconnect":
                self._fail(str(other))
            case _:
                return

    def _is_ready(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    def _fail(self, why: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(why))

    def say(self, frame: dict[str, Any]) -> None:
        """Send one frame."""
        self._send(_TEXT, msgspec.json.encode(frame))

    def _send(self, opcode: int, payload: bytes) -> None:
        """Masked, as a client must, by a mask of zeros."""
        size = len(payload)
        long = size > 125
        length = bytes([0x80 | 126]) + size.to_bytes(2, "big") if long else bytes([0x80 | size])
        if self._transport is not None:
            self._transport.write(bytes([0x80 | opcode]) + length + _NO_MASK + payload)

    def stall(self) -> None:
        """Take nothing any more."""
        if self._transport is not None:
            self._transport.pause_reading()

    def abort(self) -> None:
        """Be gone, without a word."""
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the server hung up")
        if self.lost is not None:
            self.lost(self)
