"""Room in memory for the bodies of answers: all that are in work in one process, bounded.

Room is taken as a body grows and kept until it was sent, so that a backend that hangs holds none.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from contracts.refusals import Code, Refused
from services.runtime.pool import Holder, NoneLeft, Pool

MOST_BYTES = 256 * 1024 * 1024
_STEP = 256 * 1024
_PATIENCE = 5.0
"""Seconds that a body waits for others, which may be slow to come or to be taken."""


class Room:
    """So many bytes."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._pool = Pool(most)

    @property
    def taken(self) -> int:
        """Bytes that are in use."""
        return self._pool.taken

    @contextmanager
    def share(self, limit: int, until: float) -> Generator["Share"]:
        """What one answer takes of it, at most ``limit``; given back at the end of the block.

        ``until`` is the loop's time until which it waits for more.
        """
        share = Share(self._pool, limit, until)
        try:
            yield share
        finally:
            self._pool.put_back(share.holder)


@dataclass(eq=False)
class Share:
    """What one answer has taken of the room."""

    pool: Pool
    limit: int
    until: float
    holder: Holder = field(default_factory=Holder)

    async def grow(self, wanted: int) -> None:
        """See that there is room for so many bytes in all; Refused if there is none in time."""
        size = self.holder.held
        if wanted <= size:
            return
        # Twice as much each time: who reads a large body does not wait at every part of it.
        more = max(min(max(wanted, 2 * size, _STEP), self.limit), wanted) - size
        until = min(self.until, asyncio.get_running_loop().time() + _PATIENCE)
        try:
            await self.pool.take(self.holder, more, until)
        except NoneLeft:
            text = "the collector has no memory left for this answer now; ask again, or for less"
            raise Refused(Code.OVERLOADED, text) from None
