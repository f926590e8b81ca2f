"""Waking many tasks at once, and at most so often."""

import asyncio
from collections.abc import Callable


class Bell:
    """One task waits at it. A tenth of an `asyncio.Event`, of which ten thousand would count."""

    __slots__ = ("_rung", "_waiter")

    def __init__(self) -> None:
        self._rung = False
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake who waits, or who will."""
        self._rung = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def clear(self) -> None:
        """What has rung so far is taken note of."""
        self._rung = False

    async def wait(self) -> None:
        """Until it has rung since it was last cleared."""
        if self._rung:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


class Signal:
    """Bells that ring together."""

    def __init__(self) -> None:
        self._bells: set[Bell] = set()

    def add(self, bell: Bell) -> None:
        """Ring this one too."""
        self._bells.add(bell)

    def discard(self, bell: Bell) -> None:
        """Ring this one no more."""
        self._bells.discard(bell)

    def ring(self) -> None:
        """Wake everybody who waits."""
        for bell in self._bells:
            bell.ring()


class Pulse:
    """Calls a function at the first news, then at most once in so many seconds while more come."""

    def __init__(self, seconds: float, beat: Callable[[], None]) -> None:
        self._seconds = seconds
        self._beat = beat
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0

    def news(self) -> None:
        """There is something to tell."""
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        left = self._next - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._due)
        else:
            self._due()

    def _due(self) -> None:
        self._timer = None
        self._next = asyncio.get_running_loop().time() + self._seconds
        self._beat()

    def stop(self) -> None:
        """Nothing more is called."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
