"""The live stream as server-sent events: the same feed as on a socket, over plain HTTP."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.live.ending import BROKEN, Ended, Ending
from gateway.live.feed import Feed, Wanted
from gateway.live.guest import About
from gateway.live.live import Live
from gateway.live.messages import CaughtUp, Disconnect, LiveFrame, Position, Subscribed, encode
from gateway.live.talk import cancel, watched
from services.runtime import metrics
from services.runtime.ids import new_id
from services.runtime.logging import logger
from services.runtime.principals import Principal
from services.runtime.slices import Piece, Slice

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 1000
_MOST_WAITING = 64
_CHUNK = 16 * 1024
"""Bytes that are sent at once; a client that has taken nothing of them is stalled."""


@dataclass(frozen=True)
class Visitor:
    """Whose request it is."""

    principal: Principal
    secret: str
    address: str | None


def _event(name: str, data: str, position: int | None) -> bytes:
    mark = "" if position is None else f"id: {position}\n"
    return f"{mark}event: {name}\ndata: {data}\n\n".encode()


class Outbox:
    """What is to be sent next; a feed waits while it is full."""

    def __init__(self) -> None:
        self.sent = 0
        """Events and frames so far."""
        self._waiting: deque[bytes] = deque()
        self._news, self._room = asyncio.Event(), asyncio.Event()

    async def say(self, frame: LiveFrame) -> None:
        """See `Sink`. Where the client stands is the id, so that it comes back there."""
        at = frame.sequence if isinstance(frame, Subscribed | CaughtUp | Position) else None
        await self._put(told(frame, at))
        metrics.WS_SENT.inc()

    def pieces(self, events: Slice, *, batch: bool) -> Sequence[Piece]:
        """See `Sink`; each event is one of its own."""
        del batch
        return [
            Piece(_event("event", frame.text, at), frame.sequence, 1)
            for frame in events.frames
            for at in [None if events.telemetry else frame.sequence]
        ]

    async def send(self, piece: Piece) -> None:
        """See `Sink`."""
        await self._put(piece.data)

    async def _put(self, text: bytes) -> None:
        while len(self._waiting) >= _MOST_WAITING:
            self._room.clear()
            await self._room.wait()
        self.sent += 1
        self._waiting.append(text)
        self._news.set()

    async def take(self, wait: float) -> bytes:
        """What waits, a few kilobytes; nothing if nothing comes in ``wait`` s, or after `hurry`."""
        if not self._waiting:
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                pass  # Something may have come at this very moment.
        taken = bytearray()
        while self._waiting and len(taken) < _CHUNK:
            taken += self._waiting.popleft()
        if not self._waiting:
            self._news.clear()
        self._room.set()
        return bytes(taken)

    def rest(self) -> list[bytes]:
        """Everything that waits."""
        return list(self._waiting)

    def hurry(self) -> None:
        """Have a `take` that waits come back."""
        self._news.set()


def told(frame: LiveFrame, position: int | None = None) -> bytes:
    """One of our own frames as an event, named for its type."""
    fields: dict[str, object] = dict(frame)
    return _event(str(fields["type"]), encode(frame), position)


class EventStream:
    """One client, from its first event to its last. A `Guest`."""

    def __init__(self, live: Live, visitor: Visitor) -> None:
        self.principal: Principal | None = visitor.principal
        self.secret = visitor.secret
        self.checked = live.clock.monotonic()
        self._id: UUID = new_id()
        self._address = visitor.address
        self._live = live
        self._since = live.clock.now()
        self._outbox = Outbox()
        self._feed = Feed(live.source, self._outbox)
        self._endings: list[Ending | None] = []
        self._pouring: asyncio.Task[Any] | None = None
        self._sending: float | None = None

    def about(self) -> About:
        """See `Guest`."""
        return About(
            id=self._id,
            door="sse",
            address=self._address,
            connected_at=self._since,
            sent=self._outbox.sent,
            subscriptions=self._feed.standings,
        )

    def stalled(self) -> float:
        """See `Guest`."""
        return 0.0 if self._sending is None else self._live.clock.monotonic() - self._sending

    def end(self, ending: Ending | None) -> None:
        """See `Guest`. What waits is sent before it; who takes nothing is cut off."""
        self._endings.append(ending)
        self._outbox.hurry()
        if ending is not None and ending.disconnect == "slow":
            self.cut()

    def _farewell(self, ending: Ending | None) -> bytes:
        if ending is not None and ending.error is not None:
            return told(ending.error)
        if ending is None or ending.disconnect is None:
            return b""
        last = Disconnect(
            reason=ending.disconnect,
            reconnect_after_ms=RETRY_MS,
            resume_sequence=self._feed.position,
        )
        return told(last)

    def cut(self) -> None:
        """See `Guest`."""
        if self._pouring is not None:
            self._pouring.cancel()

    async def chunks(self, wanted: Wanted, heartbeat: float) -> AsyncGenerator[bytes, None]:
        """What goes to the client; something at least every ``heartbeat`` seconds."""
        self._pouring = asyncio.current_task()
        if self._live.refusal is not None:  # Since the request was let in, others have come.
            self.end(self._live.refusal)
        self._feed.put(wanted)
        feeding = watched(self._feed.run(), self._over)
        try:
            with self._live.present(self):
                yield f"retry: {RETRY_MS}\n\n".encode()
                while not self._endings:
                    taken = await self._outbox.take(heartbeat)
                    self._sending = self._live.clock.monotonic()
                    yield taken or self._heartbeat()
                    self._sending = None
                await cancel(feeding)
                for last in [*self._outbox.rest(), self._farewell(self._endings[0])]:
                    self._sending = self._live.clock.monotonic()
                    yield last
        finally:
            await cancel(feeding)
            self._feed.close()

    def _heartbeat(self) -> bytes:
        """A comment, and how far the client is, also where all that came was not for it."""
        position = self._feed.position
        return b": \n\n" if position is None else f": \nid: {position}\n\n".encode()

    def _over(self, task: "asyncio.Future[None]") -> None:
        if task.cancelled():
            return
        match task.exception():
            case None:
                return
            case Ended() as ended:
                self.end(ended.ending)
            case error:
                logger("live").error("unexpected_error", exc_info=error)
                self.end(BROKEN)
