"""Waiting until a projection has reached a sequence: read-your-writes."""

import asyncio
from dataclasses import dataclass, field

from services.runtime.bus import Bus
from services.runtime.database import Database, DatabaseUnavailable

_ASK_AGAIN = 0.25


@dataclass
class Positions:
    """How far projections are, as they tell on the bus; who misses it is asked in PostgreSQL."""

    bus: Bus
    database: Database
    _reached: dict[str, int] = field(default_factory=dict[str, int])
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, *names: str) -> None:
        """Listen to these projections."""
        for name in names:
            await self.bus.hear(f"pos.{name}", self._heard)

    def _heard(self, subject: str, body: bytes) -> None:
        self._reached[subject.removeprefix("pos.")] = int(body)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wait(self, name: str, sequence: int, seconds: float) -> bool:
        """True once the projection has reached the sequence, False if it has not in time."""
        try:
            async with asyncio.timeout(seconds):
                while self._reached.get(name, 0) < sequence:
                    if not await self._heard_something():
                        await self._ask(name)
        except TimeoutError:
            return False
        return True

    async def _heard_something(self) -> bool:
        try:
            async with asyncio.timeout(_ASK_AGAIN):
                return await self._moved.wait()
        except TimeoutError:
            return False

    async def _ask(self, name: str) -> None:
        """What was told may have been missed; while the database is away, nothing has moved."""
        try:
            row = await self.database.fetch_one(
                "select sequence from aiops.projection where name = %s and slot = 'live'", (name,)
            )
        except DatabaseUnavailable:
            return
        if row is not None:
            self._reached[name] = max(self._reached.get(name, 0), row[0])
