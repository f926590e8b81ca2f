"""One connection to the bus on an event loop of its own, for code that is synchronous."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from threading import Thread
from typing import TypeVar

from services.runtime.bus import Bus, connect
from services.runtime.settings import NatsSettings

T = TypeVar("T")


class Closed(Exception):
    """The thread was told to close, or the work that was waited for to stop."""


class BusThread:
    """A background loop and its bus; any number of threads may call at once."""

    def __init__(self, settings: NatsSettings, name: str, *, patience: float = 10.0) -> None:
        """Connect; BusUnavailable if there is no bus within ``patience`` seconds."""
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()
        try:
            self._bus = self.start(lambda: connect(settings, name, patience=patience)).result()
        except BaseException:
            self._end()
            raise

    @property
    def bus(self) -> Bus:
        """The connection; use it on the loop only, which is where calls run."""
        return self._bus

    def start(self, work: Callable[[], Awaitable[T]]) -> Future[T]:
        """Begin on the loop; Closed if there is none any more."""

        async def run() -> T:
            return await work()

        if self._loop.is_closed() or not self._thread.is_alive():
            raise Closed
        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it on the loop and wait for its result; Closed if it was ended meanwhile."""
        try:
            return self.start(work).result()
        except CancelledError:
            raise Closed from None

    def close(self) -> None:
        """Hang up and end what is still going on; a second call does nothing."""
        if self._loop.is_closed():
            return
        self.start(self._wind_up).result()
        self._end()

    async def _wind_up(self) -> None:
        await self._bus.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
