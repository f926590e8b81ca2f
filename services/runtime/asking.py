"""Asks questions on the bus: an answer comes in parts, within a deadline, as fast as it is taken.

Subject ``qry.<site>.<cluster>.<name>`` on core NATS (``qry.-.<name>`` where projections are asked),
the question as JSON, headers ``aiops-deadline`` (unix milliseconds) and ``traceparent``. Each part
of the answer has ``aiops-chunk: n``; the last one has ``aiops-end: ok`` and ends with what is to be
said of the whole, or ``aiops-end: error`` with ``{"code", "message", "details"}``. A part names in
its reply subject where the asker says that it has taken it: only a few are under way at once, so
that one who is slow holds up nobody but his own answer.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from nats.aio.msg import Msg

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from services.runtime import metrics
from services.runtime.bus import INBOX, Bus, BusUnavailable
from services.runtime.clock import Clock, SystemClock

DEADLINE, CHUNK, END = "aiops-deadline", "aiops-chunk", "aiops-end"
TAKEN, STOP = b"+", b"-"
_NO_SITE = "-"


class Unanswered(Exception):
    """Nobody has answered: there is no worker for the site, it was too slow, or the bus is away."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Place:
    """Of whom something is asked."""

    site: str
    """``hub``, or the far-edge worker that reaches the cluster; ``-`` for projections."""
    cluster: str
    """Its id as a token, or ``-``."""

    def subject(self, name: str) -> str:
        """Where a question of this name is asked."""
        if self.site == _NO_SITE:
            return f"qry.{_NO_SITE}.{name}"
        return f"qry.{self.site}.{self.cluster}.{name}"

    @property
    def unattended(self) -> Unanswered:
        """What is told where nobody answers for it."""
        if self.site == _NO_SITE:
            return Unanswered(Code.PROJECTION_BEHIND, "no projector is running")
        text = "no collector is running that reaches this cluster"
        return Unanswered(Code.CLUSTER_UNREACHABLE, text)


PROJECTIONS = Place(_NO_SITE, "-")
"""Whichever process runs a projection answers what may be asked of it."""


class Answer:
    """An answer on its way: its parts, then what is said of the whole."""

    def __init__(self, bus: Bus, place: Place, until: float) -> None:
        self._bus = bus
        self._place = place
        self._until = until
        self._parts: deque[Msg] = deque()
        self._news = asyncio.Event()
        self._next = 1
        self._flow = ""
        self.trailer: dict[str, Any] = {}
        """What was said of the whole; there once all parts were taken."""
        self.ended = False

    def hear(self, message: Msg) -> None:
        """A part has come."""
        # An answer may come from a site that is in wrong hands: we publish to no other subject.
        if message.reply.startswith(INBOX):
            self._flow = message.reply
        self._parts.append(message)
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The parts in order; Unanswered or Refused instead of the rest."""
        while not self.ended:
            message = await self._message()
            headers = message.headers or {}
            if headers.get("Status") == "503":
                raise self._place.unattended
            if int(headers.get(CHUNK, 0)) != self._next:
                raise Unanswered(Code.UPSTREAM_FAILED, "a part of the answer was lost on the bus")
            self._next += 1
            if END in headers:
                self._end(headers[END], message.data)
                return
            yield message.data
            await self._bus.emit(self._flow, TAKEN)

    async def stop(self) -> None:
        """The rest is not wanted."""
        if self._flow and not self.ended:
            await self._bus.emit(self._flow, STOP)

    def _end(self, how: str, body: bytes) -> None:
        self.ended = True
        told: dict[str, Any] = msgspec.json.decode(body) if body else {}
        if how != "ok":
            code = Code.__members__.get(str(told.get("code")), Code.INTERNAL_ERROR)
            raise Refused(code, str(told.get("message", "")), told.get("details") or {})
        self.trailer = told

    async def _message(self) -> Msg:
        try:
            async with asyncio.timeout_at(self._until):
                while not self._parts:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Unanswered(Code.QUERY_TIMEOUT, "no answer in time") from None
        return self._parts.popleft()


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks on behalf of one process."""

    bus: Bus
    clock: Clock = field(default_factory=SystemClock)

    @asynccontextmanager
    async def ask(
        self, place: Place, query: Query, *, seconds: float, traceparent: str | None = None
    ) -> AsyncGenerator[Answer]:
        """Ask, and read the answer in the block; its worker is told when the block ends early."""
        began = asyncio.get_running_loop().time()
        answer = Answer(self.bus, place, began + seconds)
        reply = self.bus.inbox(answer.hear)
        ends_ms = int((self.clock.now().timestamp() + seconds) * 1000)
        headers = {DEADLINE: str(ends_ms)}
        if traceparent:
            headers["traceparent"] = traceparent
        subject = place.subject(query.snake_name())
        took = metrics.QUERY_ROUND_TRIP.labels(query.snake_name())
        try:
            await self.bus.emit(subject, query.model_dump_json().encode(), headers, reply=reply)
            yield answer
        except BusUnavailable as error:
            raise Unanswered(Code.BUS_UNAVAILABLE, "the bus is away") from error
        finally:
            self.bus.forget(reply)
            if not query.lasting:
                took.observe(asyncio.get_running_loop().time() - began)
            await _quietly(answer)


async def _quietly(answer: Answer) -> None:
    try:
        await answer.stop()
    except BusUnavailable:
        return  # Its worker stops at the deadline.
