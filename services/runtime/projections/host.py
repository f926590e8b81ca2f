"""Runs one projection: keeps the live build going, and rebuilds beside it on demand."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg

from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.database import Connection, DatabaseUnavailable, connect
from services.runtime.logging import logger
from services.runtime.projections import catalog
from services.runtime.projections.projection import Projection
from services.runtime.projections.runner import STANDS_BY, SUPERSEDED, Runner
from services.runtime.settings import DatabaseSettings
from services.runtime.tracing import UNTRACED, Tracing

_NEAR = 1000
_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LOOK = 5.0
"""Seconds from one look to the next at a build that another program has put in place of ours."""
_LOOKS = 2
"""So often in a row nobody of the newer version is there before it counts as gone: one that begins
anew, or has lost the database for a moment, is back by then."""
_PATIENCE = 30.0
"""Seconds that the live build stands still for a switch at most."""
_AWAY = (BusUnavailable, JetStreamRefused, DatabaseUnavailable, psycopg.Error)


@dataclass
class ProjectionHost:
    """The life of one projection in this process."""

    projection: Projection
    bus: Bus
    database: DatabaseSettings
    tracing: Tracing = UNTRACED
    partitions: int = 1
    """Writers of a build at once: see `PartitionedHost`."""
    live: Runner = field(init=False)
    rebuilding: Runner | None = field(default=None, init=False)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _asked: bool = field(default=False, init=False)
    _rebuilt: int = field(default=0, init=False)
    _pause: float = field(default=_PAUSE, init=False)
    _waits: bool = field(default=False, init=False)
    """Whether a newer program runs, whose build is the live one."""
    _lacking: str | None = field(default=None, init=False)
    """What the build of this version would lack, if it is not put in place for that."""
    _unattended: int = field(default=0, init=False)
    """Looks in a row that have found the build of a newer program, and no such program."""

    def __post_init__(self) -> None:
        self.live = Runner(self.projection, "live", self.bus, self.database, self.tracing)
        self._say = logger("projections", projection=self.projection.name)

    @property
    def healthy(self) -> bool:
        """False while it stands still, except for another process that writes."""
        return self.error in {None, STANDS_BY}

    @property
    def error(self) -> str | None:
        """Why it stands still, if it does."""
        return self._told(self.live.error)

    def _told(self, error: str | None) -> str | None:
        """That a newer program writes it is no error; that ours would lack something is one."""
        return STANDS_BY if self._waits and error == SUPERSEDED else self._lacking or error

    @property
    def runners(self) -> Sequence[Runner]:
        """What folds in this process."""
        return [self.live, *([] if self.rebuilding is None else [self.rebuilding])]

    @property
    def rebuilds(self) -> int:
        """How many rebuilds this process has switched to."""
        return self._rebuilt

    def rebuild(self) -> None:
        """Ask for a rebuild beside the live build; one at a time."""
        self._asked = True
        self._wanted.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Run until told to stop."""
        await self._prepare(stopping)
        while not stopping.is_set():
            pausing = asyncio.Event()
            live = asyncio.create_task(self.live.run(pausing))
            try:
                await self._until_pause(pausing, live, stopping)
            finally:
                pausing.set()
                await live

    async def _prepare(self, stopping: asyncio.Event) -> None:
        """A first build is empty and live at once; a new version is built beside the old one."""
        while not stopping.is_set():
            try:
                async with await self._connect() as connection:
                    ours = await self._found_or_made(connection)
            except _AWAY:
                await first(stopping, within=_PAUSE)
                continue
            if not ours:
                self._wanted.set()
            return

    async def _connect(self) -> Connection:
        return await connect(self.database, f"projector-{self.projection.name}")

    async def _found_or_made(self, connection: Connection) -> bool:
        """False if the live build is of another version, or number of partitions."""
        name = self.projection.name
        build = await catalog.find(connection, name, "live")
        if build is None:
            await catalog.claim(connection, name)
            build = await catalog.find(connection, name, "live")
        if build is None:
            await catalog.create(connection, self.projection, "live", self.partitions)
        return build is None or self._is_ours(build)

    def _is_ours(self, build: catalog.Build) -> bool:
        return (build.version, build.partitions) == (self.projection.version, self.partitions)

    async def _until_pause(
        self, pausing: asyncio.Event, live: "asyncio.Task[None]", stopping: asyncio.Event
    ) -> None:
        """Ends with the process, and whenever the live build was stopped for a rebuild."""
        while not stopping.is_set() and not pausing.is_set():
            await first(stopping, self._wanted, within=_LOOK)
            if stopping.is_set():
                return
            if not self._wanted.is_set() and not self._is_overtaken:
                continue
            try:
                if self._lacking and not self._asked:
                    await self._look_again()
                    continue
                done = await self._rebuild(pausing, live, stopping)
                reason = "it did not catch up"
            except _AWAY as error:
                done, reason = False, type(error).__name__
            except catalog.Lacking as error:
                done, reason = False, self._said(error)
                self._lacking = reason
                self._wanted.clear()
            if done:
                self._wanted.clear()
                self._asked, self._pause, self._lacking = False, _PAUSE, None
                return
            self._say.warning("rebuild_interrupted", reason=reason)
            await first(stopping, within=self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _rebuild(
        self, pausing: asyncio.Event, live: "asyncio.Task[None]", stopping: asyncio.Event
    ) -> bool:
        async with await self._connect() as connection:
            await catalog.claim(connection, self.projection.name)
            if await self._is_settled(connection):
                return True
            await catalog.create(connection, self.projection, "next")
            runner = Runner(self.projection, "next", self.bus, self.database)
            self.rebuilding, done = runner, asyncio.Event()
            building = asyncio.create_task(runner.run(done))
            waiting = _Waiting(building, stopping)
            try:
                if not await waiting.until(lambda: 0 <= runner.lag <= _NEAR):
                    return False
                # What this process writes of the live build stands still for the last few events.
                pausing.set()
                await live
                last = await self._last_event()
                if not await waiting.until(lambda: runner.sequence >= last, _PATIENCE):
                    return False
                # Another one may still write it, so the next build goes on until the switch.
                if not await self._switched(connection, runner, stopping):
                    return False
            except catalog.Lacking:
                done.set()
                await building
                await catalog.discard(connection, self.projection.name)
                raise
            finally:
                done.set()
                await building
                self.rebuilding = None
        self._rebuilt += 1
        self._say.info("rebuilt", sequence=runner.sequence)
        return True

    @property
    def _is_overtaken(self) -> bool:
        """Whether another program's build is the live one."""
        return self.error == SUPERSEDED or self._waits or self._lacking is not None

    async def _is_settled(self, connection: Connection) -> bool:
        """Whether there is nothing to build: another process has done it meanwhile.

        Or what is live is of a newer program: that is left alone as long as one runs. An old one
        that is started again in the middle of a rolling update must not take it back; one that is
        alone, as after a rollback, builds its own.
        """
        build = await catalog.find(connection, self.projection.name, "live")
        self._waits = build is not None and await self._is_left_alone(connection, build)
        if self._waits or build is None or build.version != self.projection.version:
            return self._waits
        # Who has another number of partitions builds once, at its start: two would never end.
        return not self._asked and (self._is_ours(build) or not self._wanted.is_set())

    async def _is_left_alone(self, connection: Connection, build: catalog.Build) -> bool:
        if build.version <= self.projection.version:
            return False
        attended = await catalog.is_attended(connection, build)
        self._unattended = 0 if attended else self._unattended + 1
        return self._unattended < _LOOKS

    async def _look_again(self) -> None:
        """Whether somebody has put a build of our version in place all the same."""
        async with await self._connect() as connection:
            build = await catalog.find(connection, self.projection.name, "live")
        if build is not None and self._is_ours(build):
            self._lacking = None

    def _said(self, error: catalog.Lacking) -> str:
        """A new version that cannot fold what the old one could has failed: the old one goes on."""
        name, (sequence, why) = self.projection.name, error.found[0]
        return (
            f"version {self.projection.version} cannot fold {len(error.found):,} events that the"
            f" rows of today are past, first {sequence} ({why[:200]}): these rows stay;"
            f" `aiops projections rebuild {name}` takes the new ones all the same, once no older"
            " projector is there to take the request"
        )

    async def _last_event(self) -> int:
        """Where the last event in the log is that this projection reads."""
        last = 0
        for subject in self.projection.filters:
            stored = await self.bus.get(streams.EVENTS, {"last_by_subj": subject})
            last = max(last, stored.sequence if stored else 0)
        return last

    async def _switched(
        self, connection: Connection, runner: Runner, stopping: asyncio.Event
    ) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        while not stopping.is_set() and loop.time() < deadline:
            live_at = await catalog.told(connection, self.projection.name)
            # Events that only the other version reads move the next build no further.
            enough = min(live_at, await self._last_event())
            if runner.sequence >= enough and await catalog.switch(
                connection, self.projection, live_at, whole=not self._asked
            ):
                return True
            await asyncio.sleep(0.05)
        return False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Waits for what a build does, no longer than the build and the process go on."""

    building: "asyncio.Task[None]"
    stopping: asyncio.Event

    async def until(self, reached: Callable[[], bool], within: float | None = None) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within if within else float("inf")
        while not self.stopping.is_set() and not self.building.done() and loop.time() < deadline:
            if reached():
                return True
            await asyncio.sleep(0.02)
        return False


async def first(*events: asyncio.Event, within: float | None = None) -> None:
    """Wait for one of these, no longer than so many seconds."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
