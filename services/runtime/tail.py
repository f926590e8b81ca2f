"""The live end of the log: one reader a process, a ring of encoded frames, many cursors.

A client is a cursor. It reads the ring; one that is older than the ring is fed from the log at
its own pace until it has joined the ring. Either way it sees every event once and in order.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contracts.catalog import CATALOG, EventCatalog
from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused, Stored
from services.runtime.frames import Encoder, Filter, Frame, Malformed, Names
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.ring import Ring

_BATCH = 250
_PAUSE = 0.25
_RING_BYTES = 64 * 1024 * 1024
_PAGE, _PAGE_BYTES = 500, 256 * 1024
_PAGES_AT_ONCE = 8
_NO_MESSAGE = 10037


class ResumeExpired(Exception):
    """The log does not reach back (or not forward) to where a client wants to go on."""

    def __init__(self, oldest: int, last: int) -> None:
        super().__init__(f"the log holds events {oldest} to {last}")
        self.oldest = oldest
        self.last = last


@dataclass
class Tail:
    """Follows the log for everybody in this process."""

    log: EventLog
    names: Names
    size: int
    """Frames that are kept."""
    catalog: EventCatalog = CATALOG
    before: Callable[[Delivery], None] | None = None
    """Sees every event before it is encoded: what it tells can be in its own frame."""
    error: str | None = field(default="not started", init=False)
    """Why it stands still, if it does."""

    def __post_init__(self) -> None:
        self.ring = Ring(self.size, _RING_BYTES)
        self._encoder = Encoder(self.names, self.catalog)
        self._started = asyncio.Event()
        self._moved = asyncio.Event()
        self._pages = asyncio.Semaphore(_PAGES_AT_ONCE)
        self._say = logger("tail")

    async def run(self, stopping: asyncio.Event) -> None:
        """Follow until told to stop; goes on by itself when the bus was away."""
        while not stopping.is_set():
            try:
                await self._follow(stopping)
            except (BusUnavailable, JetStreamRefused) as error:
                self.error = str(error)
                self._say.warning("interrupted", reason=self.error, sequence=self.ring.last)
                await asyncio.sleep(_PAUSE)

    async def _follow(self, stopping: asyncio.Event) -> None:
        if not self._started.is_set():
            _, last = await self.log.bounds()
            self.ring.start(last)
            self._started.set()
        reader = PullReader(self._bus, Ordered(streams.EVENTS), start=self.ring.last + 1)
        try:
            await reader.open()
            self.error = None
            while not stopping.is_set():
                self._publish(await reader.take(_BATCH, wait=0.5))
        finally:
            await reader.close()

    @property
    def _bus(self) -> Bus:
        return self.log.bus

    def _publish(self, deliveries: Iterable[Delivery]) -> None:
        """Put a batch into the ring and wake everybody who waits, once."""
        before = self.ring.last
        for delivery in deliveries:
            if self.before is not None:
                self.before(delivery)
            try:
                frame = self._encoder.delivered(delivery)
            except Malformed as error:
                self._say.error("malformed_event", sequence=delivery.sequence, reason=str(error))
                self.ring.skip(delivery.sequence)
                continue
            self.ring.put(frame)
            metrics.TAIL_EVENTS.labels(frame.event_type).inc()
        if self.ring.last > before:
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    async def started(self) -> None:
        """Wait until it is known where the log ends."""
        await self._started.wait()

    async def moved(self) -> None:
        """Wait for the next batch. Ask the ring first: what came before is not told again."""
        await self._moved.wait()

    async def cursor(self, since: int | None = None) -> "Cursor":
        """A cursor after this position, or at the end of the log; ResumeExpired if it is not there.

        Asks the bus only about a position that the ring does not know.
        """
        await self.started()
        if since is None:
            return Cursor(self, self.ring.last)
        if not self.ring.floor <= since <= self.ring.last:
            first, last = await self.log.bounds()
            if not first - 1 <= since <= last:
                raise ResumeExpired(first, last)
        return Cursor(self, since)

    async def page(self, position: int) -> tuple[int, list[Frame]]:
        """Frames after a position from the log, and how far they reach."""
        query = {
            "seq": position + 1,
            "batch": _PAGE,
            "max_bytes": _PAGE_BYTES,
            "next_by_subj": "evt.>",
        }
        async with self._pages:
            stored = await self._bus.get_many(streams.EVENTS, query)
        if not stored:
            return await self._nothing_before_the_ring(position), []
        return stored[-1].sequence, self._frames(stored)

    def _frames(self, stored: Iterable[Stored]) -> list[Frame]:
        frames: list[Frame] = []
        for one in stored:
            try:
                frames.append(self._encoder.stored(one))
            except Malformed:
                continue  # told once already, when it passed through the ring
        return frames

    async def _nothing_before_the_ring(self, position: int) -> int:
        """Where to go on when the log showed nothing: the rest has expired, says the leader.

        A direct get may be answered by a follower that is behind; BusUnavailable then.
        """
        floor = self.ring.floor
        try:
            body = {"seq": position + 1, "next_by_subj": "evt.>"}
            found = await self._bus.api(f"STREAM.MSG.GET.{streams.EVENTS}", body)
        except JetStreamRefused as error:
            if error.code != _NO_MESSAGE:
                raise BusUnavailable(str(error)) from None
            return floor
        if int(found["message"]["seq"]) <= floor:
            raise BusUnavailable("a copy of the log is behind")
        return floor


@dataclass
class Cursor:
    """Where one client stands. Not shared between tasks."""

    tail: Tail
    position: int
    """Everything up to here has been handed out or filtered away."""

    async def take(self, passes: Filter, most: int = _BATCH) -> list[Frame]:
        """The next frames that pass, waiting for news; none if only others have come.

        A cursor outlives the bus: while it is away, this waits.
        """
        ring = self.tail.ring
        while True:
            if self.position < ring.floor:
                return await self._from_log(passes)
            frames = ring.after(self.position, most)
            if frames:
                self.position = frames[-1].sequence
                return [frame for frame in frames if passes.accepts(frame)]
            await self.tail.moved()

    async def _from_log(self, passes: Filter) -> list[Frame]:
        while True:
            try:
                reached, frames = await self.tail.page(self.position)
            except BusUnavailable:
                await asyncio.sleep(_PAUSE)
                continue
            self.position = max(self.position, reached)
            return [frame for frame in frames if passes.accepts(frame)]
