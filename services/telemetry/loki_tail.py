"""Follows the lines of a Loki over its WebSocket, for as long as somebody listens.

Source: "Stream log messages",
https://grafana.com/docs/loki/latest/reference/loki-http-api/#stream-logs. A connection that ends is
opened again with growing pauses and goes on where it was; after two minutes without one, or at once
for what will not mend by itself, the tail is over.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import TailLogs
from services.runtime.backends import faults
from services.runtime.backends.backend import Backend, backend_of
from services.runtime.backends.bodies import Found, read
from services.runtime.replies import Asked, Gone
from services.telemetry.loki import nanoseconds
from services.telemetry.seen import Seen
from services.telemetry.websocket import Socket, connected

_PATH = "loki/api/v1/tail"
_MARGIN = 0.25
"""Seconds before the asker's deadline at which a tail ends by itself, so that this can be told."""
_OPENING = 10.0
_GLANCE = 0.5
"""Seconds between two looks whether somebody still listens."""
_PING, _DEAD = 20.0, 45.0
"""Seconds of silence after which the other end is asked, and after which it is given up."""
_SIGN = 10.0
"""Seconds without a part after which an empty object says that the tail is still there."""
_UNTAKEN = 30.0
"""Seconds after which an asker who takes nothing counts as gone."""
_NOTHING = b'{"streams":[]}'
_SOUND = 10.0
"""Seconds that a connection stands in silence until it counts as a good one."""
_PATIENCE = 120.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_RESUMED = 1_000
"""Lines that are asked for at least when a tail goes on after a gap."""
_PART = 192 * 1024
"""Bytes of one object; a larger one would come in pieces."""
_LINE = 64 * 1024
"""Characters of a line; the rest is cut off."""
_TOGETHER = 8
"""Tails of one Loki in one process: each holds one of the sixteen connections to its host."""
_MENDING = frozenset(
    {
        Code.CLUSTER_UNREACHABLE,
        Code.OVERLOADED,
        Code.QUERY_TIMEOUT,
        Code.RATE_LIMITED,
        Code.UPSTREAM_FAILED,
    }
)

_Line = list[str | dict[str, str]]
"""Nanoseconds, text, and what else a newer Loki tells of it."""


class _Stream(msgspec.Struct, frozen=True):
    stream: dict[str, str]
    values: list[_Line]


class _Message(msgspec.Struct, frozen=True, omit_defaults=True):
    streams: list[_Stream] | None = None
    dropped_entries: msgspec.Raw = msgspec.Raw(b"null")


class _Tails:
    """How many there are in this process, by the URL of their Loki."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    @asynccontextmanager
    async def place(self, url: str) -> AsyncGenerator[None]:
        """Room for one more; Refused if there is none."""
        if self._counts.get(url, 0) >= _TOGETHER:
            text = f"Loki: {_TOGETHER} tails of this cluster are open already; end one of them"
            raise Refused(Code.OVERLOADED, text)
        self._counts[url] = self._counts.get(url, 0) + 1
        try:
            yield
        finally:
            self._counts[url] -= 1
            if not self._counts[url]:
                del self._counts[url]


_tails = _Tails()


@dataclass
class Following:
    """One tail."""

    query: TailLogs
    asked: Asked
    _seen: Seen = field(default_factory=Seen)
    _lines: int = 0
    _sent_at: float = 0.0
    _connections: int = 0
    _good: bool = False
    _pause: float = _FIRST_PAUSE
    _failing_since: float | None = None

    def __post_init__(self) -> None:
        margin = min(_MARGIN, self.asked.seconds / 10)
        self._sent_at = (
            _now() - _SIGN
        )  # An asker can be told apart from a dead one by a first part.
        self._ends = _now() + self.asked.seconds - margin
        self._start = self.query.start or self.asked.outside.clock.now()

    async def run(self) -> Found:
        """Follow until nobody listens or the time is up; Refused if that cannot go on."""
        while not self._over:
            try:
                await self._connect()
            except Refused as refused:
                await self._rest(refused)
        gaps = max(self._connections - 1, 0)
        warned = (f"the connection was lost {gaps} times; lines may be missing",) if gaps else ()
        return Found(b"", self._lines, "streams", warned)

    @property
    def _over(self) -> bool:
        return self.asked.reply.gone or _now() >= self._ends

    async def _connect(self) -> None:
        # With what the log and the vault know now: addresses change, and logins end.
        async with (
            backend_of(self.asked, Checked.LOKI, self.query.budget) as backend,
            _tails.place(backend.endpoint.url),
            self._opened(backend) as socket,
        ):
            self._connections += 1
            began = _now()
            while not self._over:
                if _now() - began >= _SOUND:
                    self._well()
                if _now() - self._sent_at >= _SIGN:
                    await self._send(_NOTHING)
                message = await self._next(socket)
                if message is not None:
                    await self._pass_on(message)

    @asynccontextmanager
    async def _opened(self, backend: Backend) -> AsyncGenerator[Socket]:
        resumed = self._seen.resume
        limit = max(self.query.limit, _RESUMED) if resumed else self.query.limit
        start = str(resumed) if resumed else nanoseconds(self._start)
        params = [("query", self.query.query), ("limit", str(limit)), ("start", start)]
        seconds = min(_OPENING, max(self._ends - _now(), 0.001))
        async with connected(backend, _PATH, params, seconds=seconds) as socket:
            yield socket

    async def _next(self, socket: Socket) -> bytes | None:
        """A message, or None after a glance at whether there is still somebody who listens."""
        before = socket.quiet
        message = await socket.receive(min(_GLANCE, max(self._ends - _now(), 0.0)))
        if message is None:
            if socket.quiet > _DEAD:
                text = "Loki has gone silent; check the network between it and the platform"
                raise faults.Failing(Code.CLUSTER_UNREACHABLE, text)
            if before < _PING <= socket.quiet:
                await socket.ping()
        return message

    async def _pass_on(self, body: bytes) -> None:
        message = read(Checked.LOKI, body, _Message)
        streams = [self._fresh(each) for each in message.streams or ()]
        self._well()
        lines = sum(len(each.values) for each in streams)
        for part in _parts(body, message, [each for each in streams if each.values]):
            await self._send(part)
        self._lines += lines

    async def _send(self, part: bytes) -> None:
        try:
            async with asyncio.timeout(_UNTAKEN):
                await self.asked.send(part)
        except TimeoutError:
            raise Gone from None
        self._sent_at = _now()

    def _fresh(self, stream: _Stream) -> _Stream:
        labels = frozenset(stream.stream.items())
        fresh = [each for each in stream.values if self._seen.fresh(_time(each), (labels, each[1]))]
        return stream if len(fresh) == len(stream.values) else _Stream(stream.stream, fresh)

    def _well(self) -> None:
        self._good, self._failing_since, self._pause = True, None, _FIRST_PAUSE

    async def _rest(self, refused: Refused) -> None:
        """Wait before the next try; raises what is wrong if there shall be none."""
        if refused.code not in _MENDING or not self._good:
            raise refused
        now = _now()
        self._failing_since = self._failing_since or now
        if now - self._failing_since > _PATIENCE:
            raise refused
        seconds = max(self._pause, min(refused.details.get("retry_after", 0), _LONGEST_PAUSE))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        for _ in range(math.ceil(seconds / _GLANCE)):
            if not self._over:
                await asyncio.sleep(min(_GLANCE, self._ends - _now()))


def _now() -> float:
    return asyncio.get_running_loop().time()


def _time(line: _Line) -> int:
    """Nanoseconds; Refused if this is no line."""
    match line:
        case [str(at), str(), *_] if at.isascii() and at.isdecimal() and len(at) <= 20:
            return int(at)
        case _:
            raise faults.broken(Checked.LOKI, "a line has no time")


def _parts(body: bytes, message: _Message, streams: list[_Stream]) -> Iterator[bytes]:
    """What is sent of a message: as it came, if all of it is new and it is not too large."""
    dropped = bytes(message.dropped_entries) != b"null"
    if not streams and not dropped:
        return
    if len(body) <= _PART and streams == list(message.streams or ()):
        yield body
        return
    if dropped and len(bytes(message.dropped_entries)) <= _PART:
        yield msgspec.json.encode(_Message([], message.dropped_entries))
    for stream in streams:
        yield from _pieces(stream)


def _pieces(stream: _Stream) -> Iterator[bytes]:
    """A stream's lines, in objects none of which is too large."""
    held: list[_Line] = []
    size = 0
    for line in stream.values:
        short = [line[0], str(line[1])[:_LINE], *line[2:]]
        length = len(msgspec.json.encode(short))
        if held and size + length > _PART // 2:
            yield msgspec.json.encode(_Message([_Stream(stream.stream, held)]))
            held, size = [], 0
        held.append(short)
        size += length
    if held:
        yield msgspec.json.encode(_Message([_Stream(stream.stream, held)]))
