"""Runs one projection: keeps the live build going, and rebuilds beside it on demand."""

import asyncio
from dataclasses import dataclass, field

import psycopg

from services.runtime.bus import Bus
from services.runtime.database import DatabaseUnavailable, connect
from services.runtime.logging import logger
from services.runtime.projections import catalog
from services.runtime.projections.projection import Projection
from services.runtime.projections.runner import Runner
from services.runtime.settings import DatabaseSettings

_NEAR = 1000
_PAUSE = 0.2


@dataclass
class ProjectionHost:
    """The life of one projection in this process."""

    projection: Projection
    bus: Bus
    database: DatabaseSettings
    live: Runner = field(init=False)
    rebuilding: Runner | None = field(default=None, init=False)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _rebuilt: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.live = Runner(self.projection, "live", self.bus, self.database)
        self._say = logger("projections", projection=self.projection.name)

    @property
    def healthy(self) -> bool:
        """False while it stands still."""
        return self.live.error is None

    @property
    def rebuilds(self) -> int:
        """How many rebuilds this process has switched to."""
        return self._rebuilt

    def rebuild(self) -> None:
        """Ask for a rebuild beside the live build; one at a time."""
        self._wanted.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Run until told to stop."""
        await self._prepare(stopping)
        while not stopping.is_set():
            pausing = asyncio.Event()
            live = asyncio.create_task(self.live.run(pausing))
            switched = asyncio.create_task(self._until_switch(pausing, live, stopping))
            await switched
            pausing.set()
            await live

    async def _prepare(self, stopping: asyncio.Event) -> None:
        """A first build is empty and live at once; a new version is built beside the old one."""
        while not stopping.is_set():
            try:
                connection = await connect(self.database, f"projector-{self.projection.name}")
                async with connection:
                    build = await catalog.find(connection, self.projection.name, "live")
                    if build is None:
                        await catalog.create(connection, self.projection, "live")
                    elif build.version != self.projection.version:
                        self._wanted.set()
                    return
            except (DatabaseUnavailable, psycopg.OperationalError):
                await asyncio.sleep(_PAUSE)

    async def _until_switch(
        self, pausing: asyncio.Event, live: "asyncio.Task[None]", stopping: asyncio.Event
    ) -> None:
        """Ends when the process stops, or when a rebuild has become the live build."""
        while not stopping.is_set():
            if not self._wanted.is_set():
                await _first(stopping, self._wanted)
                continue
            try:
                if await self._rebuild(pausing, live, stopping):
                    self._wanted.clear()
                    return
            except (DatabaseUnavailable, psycopg.Error) as error:
                self._say.warning("rebuild_interrupted", reason=type(error).__name__)
                await asyncio.sleep(_PAUSE)

    async def _rebuild(
        self, pausing: asyncio.Event, live: "asyncio.Task[None]", stopping: asyncio.Event
    ) -> bool:
        connection = await connect(self.database, f"projector-{self.projection.name}")
        async with connection:
            await catalog.create(connection, self.projection, "next")
            runner = Runner(self.projection, "next", self.bus, self.database)
            self.rebuilding = runner
            done = asyncio.Event()
            building = asyncio.create_task(runner.run(done))
            try:
                if not await self._caught_up(runner, building, stopping, _NEAR, 0):
                    return False
                # The live build stands still only for the last few events.
                pausing.set()
                await live
                target = self.live.sequence
                if not await self._caught_up(runner, building, stopping, 0, target):
                    return False
            finally:
                done.set()
                await building
                self.rebuilding = None
            await catalog.switch(connection, self.projection)
        self._rebuilt += 1
        self._say.info("rebuilt", sequence=runner.sequence)
        return True

    async def _caught_up(
        self,
        runner: Runner,
        building: "asyncio.Task[None]",
        stopping: asyncio.Event,
        lag: int,
        sequence: int,
    ) -> bool:
        while not stopping.is_set() and not building.done():
            if 0 <= runner.lag <= lag and runner.sequence >= sequence:
                return True
            await asyncio.sleep(0.02)
        return False


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
