"""Memory for answers: what all queries of one process may hold together, and each of them.

It is taken while answers come and given back when the query is done.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from contracts.refusals import Code, Refused
from gateway.federation.cache import Kept
from services.runtime.metrics import FEDERATED_BYTES
from services.runtime.pool import Holder, NoneLeft, Pool

MOST_BYTES = 512 * 1024 * 1024
"""Of one process."""
MOST_QUERY_BYTES = 128 * 1024 * 1024
MOST_SERIES = 200_000
_FIRST = 64 * 1024
"""There must be room for so much before anybody is asked."""
_PATIENCE = 5.0
"""Seconds of waiting for others, who may wait for slow clusters or be slow to take their answer."""


class NoMemory(Refused):
    """The process has none left for a query, which is refused as a whole."""

    def __init__(self) -> None:
        text = "no memory is left for answers of clusters now; ask again, or for less"
        super().__init__(Code.OVERLOADED, text)


class Memory:
    """So many bytes."""

    def __init__(self, most: int = MOST_BYTES, patience: float = _PATIENCE) -> None:
        self.pool = Pool(most, FEDERATED_BYTES.inc)
        self.patience = patience
        self._sent: Counter[int] = Counter()
        self._sending: dict[int, Holder] = {}

    @property
    def taken(self) -> int:
        """Bytes that are in use."""
        return self.pool.taken

    @contextmanager
    def while_sent(self, kept: Kept) -> Generator[None]:
        """A finished answer is counted while it is sent, once for all whom it is sent to.

        It is there already, so that this neither waits nor is refused: others wait instead.
        """
        told = id(kept)
        if not self._sent[told]:
            holder = self._sending[told] = Holder()
            self.pool.hold(holder, kept.size)
        self._sent[told] += 1
        try:
            yield
        finally:
            self._sent[told] -= 1
            if not self._sent[told]:
                del self._sent[told]
                self.pool.put_back(self._sending.pop(told))


@dataclass(eq=False)
class Room:
    """What one query may hold, for all of its clusters: a block that gives it back at its end."""

    memory: Memory
    bytes: int = MOST_QUERY_BYTES
    series: int = MOST_SERIES
    seconds: float = math.inf
    """How long it waits for others at most."""
    _holder: Holder = field(default_factory=Holder, init=False)

    async def __aenter__(self) -> "Room":
        await self._hold(_FIRST)
        self.memory.pool.put_back(self._holder)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.memory.pool.put_back(self._holder)

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
            await self._hold(bytes)

    def put_back(self, bytes: int) -> None:  # noqa: A002 - as the field
        """So many bytes are not kept."""
        self.bytes += bytes
        self.memory.pool.hold(self._holder, -bytes)

    async def _hold(self, size: int) -> None:
        patience = min(self.memory.patience, self.seconds)
        try:
            until = asyncio.get_running_loop().time() + patience
            await self.memory.pool.take(self._holder, size, until)
        except NoneLeft:
            raise NoMemory from None


def _full(what: str, most: int) -> Refused:
    text = f"no room for it: {most:,} {what} are the most; ask fewer clusters, or for less"
    return Refused(Code.LIMIT_REACHED, text, {"most": most})
