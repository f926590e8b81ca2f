"""One partition in the hands of this process: its lease, and what it folds under it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.refusals import TryLater
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.logging import logger
from services.runtime.projections.catalog import Slot
from services.runtime.projections.partition import PartitionRunner
from services.runtime.projections.projection import Projection
from services.runtime.projections.seats import Seats
from services.runtime.settings import DatabaseSettings
from services.runtime.tracing import Tracing


@dataclass(frozen=True, slots=True)
class Folding:
    """What every partition of a projection is folded with."""

    projection: Projection
    bus: Bus
    database: DatabaseSettings
    tracing: Tracing
    partitions: int

    def runner(self, slot: Slot, partition: int) -> PartitionRunner:
        """The loop of one of them."""
        return PartitionRunner(
            self.projection,
            slot,
            self.bus,
            self.database,
            self.tracing if slot == "live" else Tracing("rebuild", None),
            partition=partition,
            of=self.partitions,
        )


@dataclass
class Holding:
    """Folds one partition of the live build, and of the next one while there is one."""

    folding: Folding
    seats: Seats
    partition: int
    live: PartitionRunner = field(init=False)
    following: PartitionRunner | None = field(default=None, init=False)
    held: bool = field(default=False, init=False)
    """Since it has the lease."""
    gave_up: str | None = field(default=None, init=False)
    """Why this program cannot fold it at all, if so."""
    _leaving: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _done: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    """No next build any more."""
    _following: "asyncio.Task[None] | None" = field(default=None, init=False)
    _build: bytes = field(default=b"", init=False)
    """Which next build is folded."""

    def __post_init__(self) -> None:
        self.live = self.folding.runner("live", self.partition)
        self.task = asyncio.create_task(self._run())

    @property
    def runners(self) -> Sequence[PartitionRunner]:
        """What folds."""
        return [self.live, *([] if self.following is None else [self.following])]

    def see(self, *, rebuilding: bytes) -> None:
        """Which next build there is to fold.

        One that was begun anew is another one: where no events come, who folds the one before
        would never notice.
        """
        if rebuilding == self._build or self._leaving.is_set():
            return
        self._done.set()
        self._build, self.following = rebuilding, None
        if rebuilding:
            self._done = asyncio.Event()
            self.following = self.folding.runner("next", self.partition)
            self._following = asyncio.create_task(self.following.run(self._done))

    async def leave(self) -> None:
        """Let the next one have it, once what is under way is written."""
        self._leaving.set()
        await asyncio.wait([self.task])

    async def _run(self) -> None:
        try:
            async with self.seats.lease(str(self.partition)):
                self.held = True
                await self._fold()
        except (TryLater, BusUnavailable, JetStreamRefused) as error:
            say = logger("projections", projection=self.folding.projection.name)
            say.info("partition_lost", partition=self.partition, reason=str(error))

    async def _fold(self) -> None:
        try:
            await self.live.run(self._leaving)
            if not self._leaving.is_set():
                self.gave_up = self.live.error
        finally:
            self._done.set()
            if self._following is not None:
                await asyncio.wait([self._following])
