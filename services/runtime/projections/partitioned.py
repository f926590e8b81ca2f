"""Runs a projection that several processes fold at once, each some of its partitions.

Who folds what is settled by leases, evenly over the processes that are there; who may write is
settled by epochs in PostgreSQL, so that a process that has lost a lease and does not know it yet
writes nothing. A rebuild is folded by all of them and switched to by one.
"""

import asyncio
import math
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from contracts.refusals import TryLater
from services.runtime import metrics
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.database import Connection
from services.runtime.projections import catalog
from services.runtime.projections.holding import Folding, Holding
from services.runtime.projections.host import ProjectionHost, first
from services.runtime.projections.projection import Projection
from services.runtime.projections.runner import Runner
from services.runtime.projections.seats import REBUILD, Seats, Seen
from services.runtime.settings import Settings
from services.runtime.tracing import UNTRACED, Tracing

_LOOK = 0.5
_GLANCE = 0.1
_NEAR = 1000
_PATIENCE = 30.0
_STILL = 5.0
"""Seconds that the live build stands still after the last sign of whoever is about to switch."""


@dataclass
class PartitionedHost(ProjectionHost):
    """The life of one partitioned projection in this process."""

    lease_seconds: float = 5.0
    """A process that is silent for so long is replaced."""
    _held: dict[int, Holding] = field(default_factory=dict[int, Holding], init=False)
    _beyond: dict[int, str] = field(default_factory=dict[int, str], init=False)
    """Partitions with events that this program cannot read: for others to fold."""
    _trouble: str | None = field(default="not started", init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        told = self.projection, self.bus, self.database, self.tracing, self.partitions
        self._folding = Folding(*told)
        # Of its own version: another one's builds are not for this program to fold.
        builds = f"{self.projection.name}-v{self.projection.version}-{self.partitions}"
        self._seats = Seats(self.bus, builds, self.lease_seconds)

    @property
    def held(self) -> frozenset[int]:
        """The partitions that this process folds."""
        return frozenset(number for number, each in self._held.items() if each.held)

    @property
    def error(self) -> str | None:
        """Why something stands still here. To have no partition, and wait for one, is no error."""
        errors = [each.live.error for each in self._held.values()]
        found = [self._trouble, *self._beyond.values(), *errors]
        return self._told(next((error for error in found if error is not None), None))

    @property
    def runners(self) -> Sequence[Runner]:
        """What folds in this process."""
        return [runner for each in self._held.values() for runner in each.runners]

    async def run(self, stopping: asyncio.Event) -> None:
        """Run until told to stop."""
        await self._prepare(stopping)
        async with asyncio.TaskGroup() as group:
            folding = group.create_task(self._fold(stopping))
            while not stopping.is_set():
                await self._until_pause(asyncio.Event(), folding, stopping)

    async def _fold(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                async with self._membership():
                    await self._share(stopping)
            except (TryLater, BusUnavailable, JetStreamRefused) as error:
                self._trouble = str(error)
                await first(stopping, within=_LOOK)
            finally:
                await self._leave(list(self._held))

    def _membership(self) -> AbstractAsyncContextManager[object]:
        """Nobody leaves a share to a process that cannot fold all: it takes what stays free."""
        return nullcontext() if self._beyond else self._seats.lease(self._seats.member)

    async def _share(self, stopping: asyncio.Event) -> None:
        """Until told to stop, or until it turns out that this program cannot fold all."""
        limited = bool(self._beyond)
        while not stopping.is_set() and bool(self._beyond) == limited:
            try:
                seen = await self._seats.look()
            except (BusUnavailable, JetStreamRefused) as error:
                self._trouble = str(error)  # The leases that are held say themselves how long.
            else:
                self._trouble = None
                await self._balance(seen)
                for each in self._held.values():
                    each.see(rebuilding=seen.rebuilding)
            self._measure()
            await first(stopping, within=_LOOK)

    async def _balance(self, seen: Seen) -> None:
        """No process has more than its share, and whoever has less takes what is free."""
        self._reap()
        share = math.ceil(self.partitions / max(1, seen.members))
        await self._leave(sorted(self._held)[share:])
        taken = seen.held | self._held.keys() | self._beyond.keys()
        free = [number for number in range(self.partitions) if number not in taken]
        for number in free[: share - len(self._held)]:
            self._held[number] = Holding(self._folding, self._seats, number)

    async def _leave(self, numbers: Sequence[int]) -> None:
        await asyncio.gather(*(self._held[number].leave() for number in numbers))
        self._reap()

    def _reap(self) -> None:
        for number, each in list(self._held.items()):
            if each.task.done():
                del self._held[number]
                each.task.result()
                if each.gave_up is not None:
                    self._beyond[number] = each.gave_up

    def _measure(self) -> None:
        live = [each.live for each in self._held.values()]
        if live:
            name = self.projection.name
            metrics.PROJECTION_SEQUENCE.labels(name).set(min(each.sequence for each in live))
            metrics.PROJECTION_LAG.labels(name).set(max(each.lag for each in live))

    async def _rebuild(
        self, pausing: asyncio.Event, live: "asyncio.Task[None]", stopping: asyncio.Event
    ) -> bool:
        """As for a projection of one writer; here the live build is stopped by what is written."""
        try:
            async with await self._connect() as connection:
                await catalog.claim(connection, self.projection.name)
                if await self._is_settled(connection):
                    return True
                # Whoever sees the lease finds this build, and not one that was given up before.
                await catalog.create(connection, self.projection, "next", self.partitions)
                try:
                    async with self._seats.lease(REBUILD):
                        if not await self._followed(connection, stopping):
                            return False
                except catalog.Lacking:
                    await catalog.discard(connection, self.projection.name)
                    raise
        except TryLater as error:
            self._say.warning("rebuild_lost", reason=str(error))
            return False
        self._rebuilt += 1
        self._say.info("rebuilt")
        return True

    async def _followed(self, connection: Connection, stopping: asyncio.Event) -> bool:
        """The next build has come near the end of the log, and then taken the live one's place."""
        while not stopping.is_set():
            last = await self._last_event()
            # Not before somebody folds it, or the live build would stand still for that.
            if await self._next_at(connection) >= max(last - _NEAR, min(last, 1)):
                return await self._taken_over(connection, stopping)
            await first(stopping, within=_GLANCE)
        return False

    async def _taken_over(self, connection: Connection, stopping: asyncio.Event) -> bool:
        name, loop = self.projection.name, asyncio.get_running_loop()
        await catalog.stand_still(connection, name, _STILL)
        live_at = await catalog.told(connection, name)
        # Events that only the other version reads move the next build no further.
        enough = min(live_at, await self._last_event())
        deadline = loop.time() + _PATIENCE
        # Where the new build lacks something, the live one goes on within `_STILL`.
        while loop.time() < deadline and not stopping.is_set():
            await catalog.stand_still(connection, name, _STILL)
            if await self._next_at(connection) >= enough and await catalog.switch(
                connection, self.projection, live_at, whole=not self._asked
            ):
                return True
            await asyncio.sleep(_GLANCE)
        await catalog.stand_still(connection, name, 0)
        return False

    async def _next_at(self, connection: Connection) -> int:
        build = await catalog.find(connection, self.projection.name, "next")
        return -1 if build is None else build.sequence


def host_of(
    projection: Projection, bus: Bus, settings: Settings, tracing: Tracing = UNTRACED
) -> ProjectionHost:
    """What runs a projection in this process, by how many may fold it at once."""
    count = settings.projections.partitions.get(projection.name, 1)
    kind = ProjectionHost if count == 1 else PartitionedHost
    return kind(projection, bus, settings.database, tracing, count)
