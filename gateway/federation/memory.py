"""Memory for answers: what all queries of one process may hold together, and each of them.

It is taken while answers come and given back when the query is done. Who finds none waits for
others. If all who hold some wait for more, none of them would ever be done: then the last of them
is refused, so that one after the other gets on.
"""

import asyncio
import math
from collections import Counter, deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from contracts.refusals import Code, Refused
from gateway.federation.cache import Kept
from services.runtime.metrics import FEDERATED_BYTES

MOST_BYTES = 512 * 1024 * 1024
"""Of one process."""
MOST_QUERY_BYTES = 128 * 1024 * 1024
MOST_SERIES = 200_000
_FIRST = 64 * 1024
"""There must be room for so much before anybody is asked."""
_PATIENCE = 5.0
"""Seconds of waiting for others, who may wait for slow clusters or be slow to take their answer."""


@dataclass(slots=True, eq=False)
class _Waiting:
    room: "Room"
    size: int
    ready: asyncio.Future[bool]
    given: bool = False


class NoMemory(Refused):
    """The process has none left for a query, which is refused as a whole."""

    def __init__(self) -> None:
        text = "no memory is left for answers of clusters now; ask again, or for less"
        super().__init__(Code.OVERLOADED, text)


class Memory:
    """So many bytes, given in the order in which they were asked for."""

    def __init__(self, most: int = MOST_BYTES, patience: float = _PATIENCE) -> None:
        self.most = most
        self.taken = 0
        self._patience = patience
        self._holders: set[Room] = set()
        self._queue: deque[_Waiting] = deque()
        self._sent: Counter[int] = Counter()

    @contextmanager
    def while_sent(self, kept: Kept) -> Generator[None]:
        """A finished answer is counted while it is sent, once for all whom it is sent to.

        It is there already, so that this neither waits nor is refused: others wait instead.
        """
        told = id(kept)
        if not self._sent[told]:
            self._count(kept.size)
        self._sent[told] += 1
        try:
            yield
        finally:
            self._sent[told] -= 1
            if not self._sent[told]:
                del self._sent[told]
                self._count(-kept.size)
                self._settle()

    async def take(self, room: "Room", size: int) -> None:
        """So much more for this room; NoMemory if there is none in time."""
        if not self._queue and self.taken + size <= self.most:
            self._give(room, size)
        elif not await self._in_turn(_Waiting(room, size, _future())):
            raise NoMemory

    def put_back(self, room: "Room", size: int) -> None:
        """A room needs so much less."""
        self._give(room, -size)
        self._settle()

    async def _in_turn(self, waiting: _Waiting) -> bool:
        self._queue.append(waiting)
        self._settle()
        heard = False
        try:
            async with asyncio.timeout(min(self._patience, waiting.room.seconds)):
                heard = await waiting.ready
        except TimeoutError:
            return False
        finally:
            if waiting in self._queue:
                self._queue.remove(waiting)
            elif waiting.given and not heard:  # It came too late.
                self._give(waiting.room, -waiting.size)
            self._settle()  # It may have stood before others that need less.
        return heard

    def _give(self, room: "Room", size: int) -> None:
        room.held += size
        self._count(size)
        if room.held:
            self._holders.add(room)
        else:
            self._holders.discard(room)

    def _count(self, size: int) -> None:
        self.taken += size
        FEDERATED_BYTES.inc(size)

    def _settle(self) -> None:
        """Give to those whose turn it is; see that not all wait for each other."""
        while self._queue and self.taken + self._queue[0].size <= self.most:
            first = self._queue.popleft()
            if not first.ready.done():
                self._give(first.room, first.size)
                first.given = True
                first.ready.set_result(True)
        stuck = [each for each in self._queue if each.room.held and not each.ready.done()]
        if stuck and {each.room for each in stuck} == self._holders and not self._sent:
            self._queue.remove(stuck[-1])
            stuck[-1].ready.set_result(False)


def _future() -> "asyncio.Future[bool]":
    return asyncio.get_running_loop().create_future()


@dataclass(eq=False)
class Room:
    """What one query may hold, for all of its clusters: a block that gives it back at its end."""

    memory: Memory
    bytes: int = MOST_QUERY_BYTES
    series: int = MOST_SERIES
    seconds: float = math.inf
    """How long it waits for others at most."""
    held: int = field(default=0, init=False)
    """Of the process' memory."""

    async def __aenter__(self) -> "Room":
        await self.memory.take(self, _FIRST)
        self.memory.put_back(self, _FIRST)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.memory.put_back(self, self.held)

    async def take(self, *, bytes: int = 0, series: int = 0) -> None:  # noqa: A002 - as the fields
        """Room for so much more; LIMIT_REACHED if the query may not have it.

        NoMemory if the process has none for it.
        """
        if bytes > self.bytes:
            raise _full("bytes of all clusters' answers", MOST_QUERY_BYTES)
        if series > self.series:
            raise _full("series of all clusters", MOST_SERIES)
        self.bytes -= bytes
        self.series -= series
        if bytes:
            await self.memory.take(self, bytes)

    def put_back(self, bytes: int) -> None:  # noqa: A002 - as the field
        """So many bytes are not kept."""
        self.bytes += bytes
        self.memory.put_back(self, bytes)


def _full(what: str, most: int) -> Refused:
    text = f"no room for it: {most:,} {what} are the most; ask fewer clusters, or for less"
    return Refused(Code.LIMIT_REACHED, text, {"most": most})
