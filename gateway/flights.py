"""Identical questions that come at the same time are asked once, and all hear the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: "asyncio.Task[T]"
    waiting: int = 0


class Flights(Generic[T]):
    """What is being asked now, by key."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[T]] = {}

    def __contains__(self, key: str) -> bool:
        """Whether anything is under way for this key."""
        return key in self._flights

    @property
    def waiting(self) -> int:
        """How many wait for anything."""
        return sum(flight.waiting for flight in self._flights.values())

    async def share(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """The outcome of the work under way for this key, or of this one if there is none.

        It goes on while anybody waits for it, even when whoever began it has gone.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(_run(work)))
            flight.task.add_done_callback(lambda task: self._landed(key, task))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                self._landed(key, flight.task)

    def _landed(self, key: str, task: "asyncio.Task[Any]") -> None:
        flight = self._flights.get(key)
        if flight is not None and flight.task is task:
            del self._flights[key]
        if task.done() and not task.cancelled():
            task.exception()  # Whoever waits is told; nobody may be left to.


async def _run(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
