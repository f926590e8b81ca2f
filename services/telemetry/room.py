"""Room in memory for the bodies of answers: all that are in work in one process, bounded.

Room is taken as a body grows and kept until it was sent, so that a backend that hangs holds none.
If all who hold some wait for more, the last of them is refused: so one after the other gets on.
"""

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from contracts.refusals import Code, Refused

MOST_BYTES = 256 * 1024 * 1024
_STEP = 256 * 1024
_PATIENCE = 5.0
"""Seconds that a body waits for others, which may be slow to come or to be taken."""


class NoRoom(Exception):
    """There is none now."""


@dataclass(slots=True, eq=False)
class _Waiting:
    share: "Share"
    size: int
    ready: asyncio.Future[None]


@dataclass
class Room:
    """So many bytes, given in the order in which they were asked for."""

    most: int = MOST_BYTES
    taken: int = field(default=0, init=False)
    _holders: int = field(default=0, init=False)
    _queue: deque[_Waiting] = field(default_factory=deque[_Waiting], init=False)

    @contextmanager
    def share(self, limit: int, until: float) -> Generator["Share"]:
        """What one answer takes of it, at most ``limit``; given back at the end of the block.

        ``until`` is the loop's time until which it waits for more.
        """
        share = Share(self, limit, until)
        try:
            yield share
        finally:
            self._take(share, -share.size)
            self._settle()

    async def enlarge(self, share: "Share", size: int, until: float) -> None:
        """Room for so many bytes more; TimeoutError or NoRoom if it is not to be had."""
        waiting = _Waiting(share, size, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._settle()
        try:
            async with asyncio.timeout_at(until):
                await waiting.ready
        finally:
            # Also room that came too late stays with the share, which ends soon then.
            if waiting in self._queue:
                self._queue.remove(waiting)
                self._settle()  # It may have stood before others that need less.

    def _take(self, share: "Share", size: int) -> None:
        before, share.size = share.size, share.size + size
        self.taken += size
        self._holders += bool(share.size) - bool(before)

    def _settle(self) -> None:
        """Give room to those whose turn it is; see that not all wait for each other."""
        while self._queue and self.taken + self._queue[0].size <= self.most:
            first = self._queue.popleft()
            if not first.ready.done():
                self._take(first.share, first.size)
                first.ready.set_result(None)
        holding = [each for each in self._queue if each.share.size and not each.ready.done()]
        if holding and len(holding) == self._holders:
            self._queue.remove(holding[-1])
            holding[-1].ready.set_exception(NoRoom())


@dataclass(eq=False)
class Share:
    """What one answer has taken of the room."""

    room: Room
    limit: int
    until: float
    size: int = 0

    async def grow(self, wanted: int) -> None:
        """See that there is room for so many bytes in all; Refused if there is none in time."""
        if wanted <= self.size:
            return
        # Twice as much each time: who reads a large body does not wait at every part of it.
        more = max(min(max(wanted, 2 * self.size, _STEP), self.limit), wanted) - self.size
        until = min(self.until, asyncio.get_running_loop().time() + _PATIENCE)
        try:
            await self.room.enlarge(self, more, until)
        except (TimeoutError, NoRoom):
            text = "the collector has no memory left for this answer now; ask again, or for less"
            raise Refused(Code.OVERLOADED, text) from None
