"""What every replay works with, and how it is read: pages of the log, one after the other."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.catalog import CATALOG
from contracts.envelope import Event, Recorded
from contracts.refusals import Code, Refused
from contracts.replays import ReplayAsked
from services.runtime.following import event_of
from services.runtime.log import EventLog
from services.runtime.replay import Extent, Replay, Window, event_filters
from services.runtime.settings import Settings

MOST_EVENTS = 300_000
"""That one replay reads of the log."""
_PAGE = 500


class Cancelled(Exception):
    """Nobody wants it any more."""


@dataclass
class Run:
    """A replay on its way. It reads, and has no means to write."""

    log: EventLog
    asked: ReplayAsked
    at: datetime
    """When it was asked for: what happened afterwards is not looked at."""
    settings: Settings
    is_wanted: Callable[[], Awaitable[bool]]
    most_events: int = MOST_EVENTS
    events: int = 0
    """Read so far."""

    @property
    def end(self) -> datetime:
        """Of the time, as far as there is one."""
        return min(self.asked.end, self.at)

    async def require_wanted(self) -> None:
        """Cancelled if somebody has said so."""
        if not await self.is_wanted():
            raise Cancelled

    async def pages(
        self, window: Window, types: Sequence[type[Event]]
    ) -> AsyncGenerator[tuple[list[Recorded], Extent]]:
        """Events of these types in a window, by pages, each with what the whole of it is.

        LIMIT_REACHED if all that is read becomes too much, Cancelled if it is wanted no more.
        """
        async with Replay(self.log, window, event_filters(types=types)) as replay:
            while page := await replay.take(_PAGE):
                await self.count(len(page))
                told = await asyncio.to_thread(_read, page)
                yield told, replay.extent

    async def count(self, events: int) -> None:
        """So many more were read."""
        self.events += events
        if self.events > self.most_events:
            text = f"it takes more than {self.most_events:,} events; take a shorter time"
            raise Refused(Code.LIMIT_REACHED, text)
        await self.require_wanted()

    async def extent(self) -> Extent:
        """The positions of what is replayed."""
        window = Window(self.asked.start, self.end)
        async with Replay(self.log, window, event_filters(("-",))) as replay:
            return replay.extent


def _read(page: Sequence[Any]) -> list[Recorded]:
    return [event_of(CATALOG, delivery) for delivery in page]
