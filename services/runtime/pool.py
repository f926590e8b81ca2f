"""A bounded amount that many take more and more of, in the order in which they ask.

Who finds none waits for others. If all who hold some wait for more, none of them would ever be
done: then the last of them is refused, so that one after the other gets on.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


class NoneLeft(Exception):
    """There is none now."""


@dataclass(eq=False, slots=True)
class Holder:
    """Somebody who takes of a pool."""

    held: int = 0


@dataclass(slots=True, eq=False)
class _Waiting:
    holder: Holder
    size: int
    ready: "asyncio.Future[bool]"
    given: bool = False


def _uncounted(_: int) -> None:
    return


class Pool:
    """So much of something, most often bytes of memory."""

    def __init__(self, most: int, counted: Callable[[int], None] = _uncounted) -> None:
        """``counted`` is told of every change, for a metric."""
        self.most = most
        self.taken = 0
        self._counted = counted
        self._holders: set[Holder] = set()
        self._queue: deque[_Waiting] = deque()

    async def take(self, holder: Holder, size: int, until: float) -> None:
        """So much more for somebody; NoneLeft if there is none until then, in the loop's time."""
        if not self._queue and self.taken + size <= self.most:
            self.hold(holder, size)
            return
        waiting = _Waiting(holder, size, asyncio.get_running_loop().create_future())
        if not await self._in_turn(waiting, until):
            raise NoneLeft

    def hold(self, holder: Holder, size: int) -> None:
        """Count what is held already, or with a minus is not held any more: without waiting."""
        holder.held += size
        self.taken += size
        self._counted(size)
        (self._holders.add if holder.held else self._holders.discard)(holder)
        if size < 0:
            self._settle()

    def put_back(self, holder: Holder) -> None:
        """All that somebody holds."""
        self.hold(holder, -holder.held)

    async def _in_turn(self, waiting: _Waiting, until: float) -> bool:
        self._queue.append(waiting)
        self._settle()
        heard = False
        try:
            async with asyncio.timeout_at(until):
                heard = await waiting.ready
        except TimeoutError:
            return False
        finally:
            if waiting in self._queue:
                self._queue.remove(waiting)
            elif waiting.given and not heard:  # It came too late.
                self.hold(waiting.holder, -waiting.size)
            self._settle()  # It may have stood before others that need less.
        return heard

    def _settle(self) -> None:
        """Give to those whose turn it is; see that not all wait for each other."""
        while self._queue and self.taken + self._queue[0].size <= self.most:
            first = self._queue.popleft()
            if not first.ready.done():
                first.given = True
                first.ready.set_result(True)
                self.hold(first.holder, first.size)
        stuck = [each for each in self._queue if each.holder.held and not each.ready.done()]
        if stuck and {each.holder for each in stuck} == self._holders:
            self._queue.remove(stuck[-1])
            stuck[-1].ready.set_result(False)
