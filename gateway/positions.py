"""Waiting until a projection has reached a sequence: read-your-writes, and reads of the past."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.database import Database, DatabaseUnavailable
from services.runtime.projections.partition import partition_of

_ASK_AGAIN = 0.25


@dataclass
class Positions:
    """How far projections are, as they tell on the bus; who misses it is asked in PostgreSQL.

    Of a projection that several processes fold also how far each partition is.
    """

    bus: Bus
    database: Database
    _reached: dict[str, int] = field(default_factory=dict[str, int])
    """By ``<projection>``, where all of it is, and ``<projection>.<partition>``."""
    _partitions: dict[str, int] = field(default_factory=dict[str, int])
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, *names: str) -> None:
        """Listen to these projections."""
        for name in names:
            await self.bus.hear(f"pos.{name}", self._heard)
            await self.bus.hear(f"pos.{name}.*", self._heard_of_partition)

    def _heard(self, subject: str, body: bytes) -> None:
        name, sequence = subject.removeprefix("pos."), int(body)
        if self._partitions.get(name, 1) > 1:
            # Several processes tell, and what was told first may come last.
            sequence = max(sequence, self._reached.get(name, 0))
        self._reached[name] = sequence
        self._wake()

    def _heard_of_partition(self, subject: str, body: bytes) -> None:
        name, sequence = subject.removeprefix("pos."), body.partition(b" ")
        self._reached[name] = int(sequence[0])
        self._partitions[name.rpartition(".")[0]] = int(sequence[2])
        self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wait(self, name: str, sequence: int, seconds: float) -> bool:
        """True once the projection has reached the sequence, False if it has not in time.

        All of it: it can be read as it was after that event.
        """
        return await self._wait(name, lambda: self._has_all(name, sequence), seconds)

    async def wait_for(self, name: str, sequence: int, seconds: float) -> bool:
        """True once the event at this sequence is in the projection, False if it is not in time.

        Other partitions than that of the event may be anywhere.
        """
        if self._has_all(name, sequence):
            return True
        if self._partitions.get(name, 1) == 1:
            return await self.wait(name, sequence, seconds)
        try:
            stored = await self.bus.get(streams.EVENTS, {"seq": sequence})
        except BusUnavailable:
            stored = None
        if stored is None:
            return await self.wait(name, sequence, seconds)
        subject = stored.subject

        def _there() -> bool:
            partition = partition_of(subject, self._partitions.get(name, 1))
            its = self._reached.get(f"{name}.{partition}", 0)
            return self._has_all(name, sequence) or its >= sequence

        return await self._wait(name, _there, seconds)

    def _has_all(self, name: str, sequence: int) -> bool:
        return self._reached.get(name, 0) >= sequence

    async def _wait(self, name: str, reached: Callable[[], bool], seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while not reached():
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
            rows = await self.database.fetch_all(
                "select b.sequence, b.partitions, p.partition, p.sequence from aiops.projection b"
                " left join aiops.projection_partition p using (name, slot)"
                " where name = %s and slot = 'live'",
                (name,),
            )
        except DatabaseUnavailable:
            return
        for everywhere, partitions, partition, sequence in rows:
            self._partitions[name] = partitions
            self._at_least(name, everywhere)
            if partition is not None:
                self._at_least(f"{name}.{partition}", sequence)

    def _at_least(self, name: str, sequence: int) -> None:
        self._reached[name] = max(self._reached.get(name, 0), sequence)
