"""The live end of the log: one reader a process, a ring of encoded frames, many cursors.

A client is a cursor. It reads the ring; one that is older than the ring is fed from the log at
its own pace until it has joined the ring. Either way it sees every event once and in order.
"""

import asyncio
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from contracts.catalog import CATALOG, EventCatalog
from services.runtime import metrics, resuming, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused, Stored
from services.runtime.frames import Encoder, Frame, Malformed, Names, Passes
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.read_ahead import WORTH_IT, ReadAhead
from services.runtime.resuming import ResumeExpired
from services.runtime.ring import Ring
from services.runtime.signals import Bell, Pulse, Signal
from services.runtime.slices import Shared, Slice
from services.runtime.timeline import leader_has

__all__ = ["Cursor", "ResumeExpired", "Tail"]

_BATCH = 250
_PAUSE = 0.25
_RING_BYTES = 64 * 1024 * 1024
_PAGE, _PAGE_BYTES = 500, 256 * 1024
_SMALL_PAGE = 50
_SLOW = 1.0
"""Seconds after which a client that still sends what it was given last counts as slow."""
_PAGES_AT_ONCE = 8


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
    pace: float = 0.05
    """Seconds between two batches of those that take several events at once."""
    ahead: int = 8
    """Clients for which it reads the log ahead at once, with two megabytes for each."""
    error: str | None = field(default="not started", init=False)
    """Why it stands still, if it does."""

    def __post_init__(self) -> None:
        self.ring = Ring(self.size, _RING_BYTES)
        self._encoder = Encoder(self.names, self.catalog)
        self._started = asyncio.Event()
        self._began = 0
        """Where the log ended at the start: of older positions something may have aged out."""
        self.news = Signal()
        """Rings for every batch that comes out of the log."""
        self.beats = Signal()
        """Rings at most once in `pace`: for clients that take several events at once."""
        self.beat = 0
        """How far those go: all the same way, so that they share their frames."""
        self._pulse = Pulse(self.pace, self._beat)
        self._shared = Shared()
        self._reading: set[ReadAhead] = set()
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
            first, self._began = await self.log.bounds()
            self.ring.start(max(0, first - 1, self._began - self.size))
        reader = PullReader(self._bus, Ordered(streams.EVENTS), start=self.ring.last + 1)
        try:
            await reader.open()
            self.error = None
            while not stopping.is_set():
                self._start_at_the_end()
                found = await reader.take(_BATCH, wait=0.5)
                self._publish(found)
                if not found and self.ring.last < self._began:
                    await self._skip_what_aged_out()
        finally:
            await reader.close()

    def _start_at_the_end(self) -> None:
        """Clients begin once the ring has what there was: who comes back after a restart finds it.

        Each of them would read the log for itself otherwise, hundreds at once.
        """
        if not self._started.is_set() and self.ring.last >= self._began:
            self.beat = self.ring.last
            self._started.set()

    async def _skip_what_aged_out(self) -> None:
        """Go to the end of a log whose last events are gone; none may come for other reasons."""
        if await leader_has(self._bus, self.ring.last + 1) is None:
            self.ring.skip(self._began)

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
            if self._started.is_set():
                metrics.TAIL_EVENTS.labels(frame.event_type).inc()
        if self.ring.last > before:
            self._shared.forget()
            self.news.ring()
            self._pulse.news()

    def _beat(self) -> None:
        self.beat = self.ring.last
        self.beats.ring()

    async def started(self) -> None:
        """Wait until it is known where the log ends."""
        await self._started.wait()

    async def cursor(self, since: int | None = None) -> "Cursor":
        """A cursor after this position, or at the end of the log.

        ResumeExpired if it is not in the log, or if events behind it have aged out or may have:
        that is so where the next position is empty or older than facts are kept. Asks the bus
        only about a position after which this process has not seen everything come.
        """
        await self.started()
        if since is None:
            return Cursor(self, self.ring.last)
        if not max(self.ring.floor, self._began) <= since <= self.ring.last:
            await resuming.check(self.log, since)
        return Cursor(self, since)

    async def position_at(self, moment: datetime) -> int:
        """See `resuming.position_at`."""
        return await resuming.position_at(self.log, moment)

    def slice(self, passes: Passes, after: int, until: int) -> Slice:
        """What passes of the ring's next events, not beyond ``until``; made once for all."""
        key = (passes, after, until)
        found = self._shared.find(key)
        if found is not None:
            return found
        frames = self.ring.after(after, _BATCH)
        reached = until
        if frames and frames[-1].sequence > until:
            frames = frames[: bisect_right(frames, until, key=_sequence)]
        elif len(frames) == _BATCH:
            reached = frames[-1].sequence
        made = Slice([seen for frame in frames if (seen := passes.let(frame)) is not None], reached)
        return self._shared.keep(key, made)

    async def read_ahead(self, position: int) -> ReadAhead | None:
        """Read the log ahead from a position on; None if as many do as may."""
        if len(self._reading) >= self.ahead:
            await self._make_room()
        if len(self._reading) >= self.ahead:
            return None
        ahead = ReadAhead(self._bus, self._encoder, position)
        self._reading.add(ahead)
        return ahead

    async def _make_room(self) -> None:
        """Read ahead no more for a client that has not come back for long."""
        before = asyncio.get_running_loop().time() - _SLOW
        slow = (one for one in self._reading if one.given is not None and one.given < before)
        if (found := next(slow, None)) is not None:
            await self.end_reading(found)

    async def end_reading(self, ahead: ReadAhead) -> None:
        """It is not needed any more."""
        self._reading.discard(ahead)
        await ahead.close()

    async def page(self, position: int, *, small: bool = False) -> tuple[int, list[Frame]]:
        """Frames after a position from the log, and how far they reach."""
        query = {
            "seq": position + 1,
            "batch": _SMALL_PAGE if small else _PAGE,
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
        found = await leader_has(self._bus, position + 1)
        if found is not None and found <= floor:
            raise BusUnavailable("a copy of the log is behind")
        return floor

    def cannot_read_ahead(self, error: JetStreamRefused) -> None:
        """Say so; the client pages."""
        self._say.warning("read_ahead_refused", reason=str(error))


@dataclass(slots=True)
class Cursor:
    """Where one client stands. Not shared between tasks; closed at the end."""

    tail: Tail
    position: int
    """Everything up to here has been handed out or filtered away."""
    _ahead: ReadAhead | None = field(default=None, init=False)
    _refused: bool = field(default=False, init=False)
    """True: there can be no consumer for it."""
    _given: float = field(default=math.inf, init=False)
    """When, by the loop's clock, it handed out what came last from the log."""

    async def read(self, passes: Passes, until: int) -> Slice:
        """The next events up to ``until``, which lies ahead and is in the log.

        Only some of them where they are many. A cursor outlives the bus: while it is away, this
        waits.
        """
        ring = self.tail.ring
        if self.position < ring.floor:
            found = await self._from_log(passes, until)
        else:
            await self.close()
            found = self.tail.slice(passes, self.position, until)
        self.position = found.reached
        return found

    async def _from_log(self, passes: Passes, until: int) -> Slice:
        slow = asyncio.get_running_loop().time() - self._given > _SLOW
        while True:
            try:
                reached, frames = await self._page(until, slow=slow)
            except (BusUnavailable, JetStreamRefused):
                await asyncio.sleep(_PAUSE)
                continue
            self._given = asyncio.get_running_loop().time()
            if reached > until:
                await self.close()
            due = (frame for frame in frames if frame.sequence <= until)
            wanted = [seen for frame in due if (seen := passes.let(frame)) is not None]
            return Slice(wanted, max(self.position, min(reached, until)))

    async def _page(self, until: int, *, slow: bool) -> tuple[int, list[Frame]]:
        """Ahead if it is worth it; a slow client gets little, since it holds it for long."""
        if not slow and not self._refused:
            found = await self._read_ahead(until)
            if found is not None:
                return found
        await self.close()
        return await self.tail.page(self.position, small=slow)

    async def _read_ahead(self, until: int) -> tuple[int, list[Frame]] | None:
        """What a reader of its own has; None if it has none, or nothing comes from it."""
        if self._ahead is None or self._ahead.closed:
            far = min(until, self.tail.ring.floor) - self.position >= WORTH_IT
            self._ahead = await self.tail.read_ahead(self.position) if far else None
        try:
            return None if self._ahead is None else await self._ahead.take()
        except JetStreamRefused as error:
            self._refused = True
            self.tail.cannot_read_ahead(error)
        except BusUnavailable:
            pass  # If the bus is away, the page will say so.
        return None

    async def close(self) -> None:
        """Read no more ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            await self.tail.end_reading(ahead)

    async def take(self, passes: Passes) -> list[Frame]:
        """The next frames that pass, waiting for news; none if only others have come."""
        bell = Bell()
        self.tail.news.add(bell)
        try:
            while self.position >= self.tail.ring.last:
                bell.clear()
                await bell.wait()
            return (await self.read(passes, self.tail.ring.last)).frames
        finally:
            self.tail.news.discard(bell)


def _sequence(frame: Frame) -> int:
    return frame.sequence
