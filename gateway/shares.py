"""Room that sources share: bounded, and so that one who takes much does not keep others out.

A source may hold as much as it leaves free: one alone gets half of the room; of several that want
all of it each gets an equal part, and as much stays free for whoever comes. A source that holds
nothing gets whatever is free.

Those who find no room wait, each source in its own order. Between sources the next one is whoever
was given least (start-time fair queueing): what a source was given raises its rank, and one that
was not here for a while comes in just below the rank that is being served.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from contracts.refusals import Code, Refused


@dataclass(slots=True, eq=False)
class Share:
    """What one holder has of the room."""

    source: Hashable
    size: int
    rank: float
    """When it asked; what its source is given while it waits raises it."""
    given: bool = False
    ready: "asyncio.Future[None] | None" = None
    """Told to one that waits."""


class Shares:
    """So much room, in any unit; a share is had for the time of a block."""

    def __init__(
        self, room: int, *, patience: float, most_waiting: int, told: Callable[[int], None]
    ) -> None:
        """``patience`` in seconds; ``told`` hears how much is taken whenever that changes."""
        self._room = room
        self._patience = patience
        self._most_waiting = most_waiting
        self._told = told
        self._taken = 0
        self._held: Counter[Hashable] = Counter()
        self._queues: dict[Hashable, deque[Share]] = {}
        self._waiting = 0
        self._served = 0.0
        self._given: dict[Hashable, float] = {}
        """The rank at which a source's last share ends, and its next one begins at least."""

    @asynccontextmanager
    async def share(self, source: Hashable, size: int) -> AsyncGenerator[Share]:
        """A share of this size; OVERLOADED if there is none within the time of patience.

        One that is larger than all the room is given when nobody else holds any.
        """
        share = Share(source, size, self._served - size)
        if not self._queues and self._fits(share):
            self._give(share)
        else:
            await self._in_turn(share)
        try:
            yield share
        finally:
            self.shrink(share, 0)

    def shrink(self, share: Share, size: int) -> None:
        """Its holder needs no more than this any longer."""
        self._take(share, size - share.size)
        share.size = size
        self._settle()

    def _fits(self, share: Share) -> bool:
        if not self._taken:
            return True
        held, free = self._held[share.source], self._room - self._taken - share.size
        return held + share.size <= free if held else free >= 0

    def _rank(self, share: Share) -> float:
        return max(share.rank, self._given.get(share.source, 0.0))

    def _give(self, share: Share) -> None:
        rank = self._rank(share)
        share.given = True
        self._served = max(self._served, rank)
        self._given[share.source] = rank + share.size
        self._take(share, share.size)

    def _take(self, share: Share, size: int) -> None:
        self._taken += size
        self._held[share.source] += size
        if not self._held[share.source]:
            del self._held[share.source]
        self._told(self._taken)

    async def _in_turn(self, share: Share) -> None:
        """Wait until it is given; Refused if it is not in time."""
        # The places to wait at are shared by the same rule: a source leaves as many as it takes.
        if len(self._queues.get(share.source, ())) >= self._most_waiting - self._waiting:
            raise _full()
        share.ready = asyncio.get_running_loop().create_future()
        self._queues.setdefault(share.source, deque()).append(share)
        self._waiting += 1
        self._settle()
        try:
            async with asyncio.timeout(self._patience):
                await share.ready
        except TimeoutError:
            if not share.given:
                raise _full() from None
        except asyncio.CancelledError:
            if share.given:
                self._take(share, -share.size)
            raise
        finally:
            if not share.given:
                self._leave(share)
            self._settle()

    def _settle(self) -> None:
        """Give to those who wait, as far as it goes."""
        if not self._taken and not self._queues:
            # Nobody is here: all are alike again.
            self._served = 0.0
            self._given.clear()
        while (share := self._first()) is not None:
            self._leave(share)
            self._give(share)
            # One whose time has just run out has it all the same, or gives it back.
            if share.ready is not None and not share.ready.done():
                share.ready.set_result(None)

    def _first(self) -> Share | None:
        """Whose turn it is, None if there is no room for it.

        Nobody overtakes a source that has nothing: else a large post never got in among small ones.
        """
        heads = (queue[0] for queue in self._queues.values())
        able = [head for head in heads if not self._held[head.source] or self._fits(head)]
        first = min(able, key=self._rank, default=None)
        return first if first is not None and self._fits(first) else None

    def _leave(self, share: Share) -> None:
        queue = self._queues[share.source]
        queue.remove(share)
        if not queue:
            del self._queues[share.source]
        self._waiting -= 1


def _full() -> Refused:
    return Refused(Code.OVERLOADED, "too many alerts are being taken in; send them again")
