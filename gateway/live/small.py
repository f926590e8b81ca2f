"""Two of asyncio's things in a tenth of their memory, of which ten thousand sockets make much."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """As an unbounded `asyncio.Queue` of which one task reads."""

    __slots__ = ("_items", "_waiter")

    def __init__(self) -> None:
        self._items: list[T] = []
        self._waiter: asyncio.Future[None] | None = None

    def put_nowait(self, item: T) -> None:
        """Add one."""
        self._items.append(item)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def empty(self) -> bool:
        """True if there is nothing to read."""
        return not self._items

    async def get(self) -> T:
        """The oldest, waiting for it."""
        while not self._items:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._items.pop(0)


class Flag:
    """As an `asyncio.Event`."""

    __slots__ = ("_up", "_waiters")

    def __init__(self) -> None:
        self._up = True
        self._waiters: list[asyncio.Future[None]] | None = None

    def is_set(self) -> bool:
        """True while nobody has to wait."""
        return self._up

    def set(self) -> None:
        """Let everybody go on."""
        self._up = True
        waiters, self._waiters = self._waiters or (), None
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def clear(self) -> None:
        """Let who comes wait."""
        self._up = False

    async def wait(self) -> bool:
        """Until it is up."""
        while not self._up:
            waiter = asyncio.get_running_loop().create_future()
            if self._waiters is None:
                self._waiters = []
            self._waiters.append(waiter)
            await waiter
        return True
