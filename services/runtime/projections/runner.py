"""Folds one build of a projection: pull, fold, write, all three at once.

While PostgreSQL writes a batch, the next one is pulled and folded. The position lives in
PostgreSQL only, in the same transaction as the rows.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from contracts.catalog import UnknownEvent
from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.database import Connection, DatabaseUnavailable, connect
from services.runtime.logging import logger
from services.runtime.projections import catalog
from services.runtime.projections.projection import Projection, Rows
from services.runtime.projections.statistics import Statistics
from services.runtime.projections.writer import Statement, Writer, is_about_a_row, write
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.settings import DatabaseSettings
from services.runtime.tracing import UNTRACED, Tracing

STANDS_BY = "another process writes it"
"""Why a runner stands still that is ready to go on when the other one ends."""
_ALL = ("evt.>",)
_BATCH = 1000
FAR = 20_000
"""Events behind the end of the log, from which on all of it may be read."""
_SPARSE = 30
"""With less than one event in so many, the server finds them for less than all of them cost."""
_FEW = 16
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_AWAY = (BusUnavailable, JetStreamRefused, DatabaseUnavailable, psycopg.Error)


class Superseded(Exception):
    """Another process writes this build now."""


BUILD_GONE = "the build has gone"
SUPERSEDED = f"{Superseded.__name__}: {BUILD_GONE}"
"""Why a runner stands still whose build another program has switched from."""


@dataclass
class Batch:
    """Events that are written together."""

    deliveries: Sequence[Delivery]
    """Those to be folded."""
    to: int
    """Up to this sequence all is folded then, or for somebody else to fold."""
    pending: int
    rows: Rows
    poison: dict[int, str] = field(default_factory=dict[int, str])
    """What cannot be folded or written, by sequence."""


@dataclass
class Runner:
    """The loop of one build: live, or next while a rebuild is under way."""

    projection: Projection
    slot: catalog.Slot
    bus: Bus
    database: DatabaseSettings
    tracing: Tracing = UNTRACED
    """Of the live build alone: what a rebuild folds was traced when it happened."""
    bulk: bool = field(default=False, init=False)
    """Whether it reads the whole log now and passes over what is not its own (`_reads_all`)."""
    sequence: int = field(default=0, init=False)
    """The position that is committed."""
    lag: int = field(default=-1, init=False)
    """Events of ours that are not committed yet, in `bulk` also those of others; -1 until known."""
    folded: int = field(default=0, init=False)
    """Events that were folded and committed by this runner."""
    error: str | None = field(default=None, init=False)
    """Why it stands still, if it does."""
    _last_take: float = field(default=0.0, init=False)
    moved: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)

    def __post_init__(self) -> None:
        self._say = logger("projections", projection=self.projection.name, slot=self.slot)
        schema = catalog.schema_of(self.projection.name, self.slot)
        self._writer = Writer(self.projection.tables, schema)
        self._statistics = Statistics(schema)

    async def run(self, stopping: asyncio.Event) -> None:
        """Fold until told to stop; comes back by itself when bus or database were away."""
        pause = _FIRST_PAUSE
        while not stopping.is_set():
            before, self.lag = self.sequence, -1
            try:
                await self._run_once(stopping)
                break
            except UnknownEvent as unknown:
                self.error = f"unknown event {unknown}: this program is too old to read the log"
                self._say.error("stopped", reason=self.error)
                break
            except self._passing as error:
                self._say.info("waits", reason=str(error).partition("\n")[0])
            except (*_AWAY, Superseded) as error:
                self.error = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
                self._say.warning("interrupted", reason=self.error)
            pause = _FIRST_PAUSE if self.sequence > before else min(pause * 2, self._longest_pause)
            await _sleep(stopping, pause)

    async def _run_once(self, stopping: asyncio.Event) -> None:
        connection = await connect(self.database, self._writer_name, durable=False)
        async with connection:
            if self.slot == "live":
                await catalog.attend(connection, self.projection)
            if not await self._become_writer(connection, stopping):
                return
            self.sequence = await self._position(connection)
            while not stopping.is_set():
                await self._follow(connection, stopping)

    async def _follow(self, connection: Connection, stopping: asyncio.Event) -> None:
        """Read until told to stop, or, if all is read, until near the end of the log."""
        self.bulk = await self._reads_all()
        reader = self._reader(_ALL if self.bulk else self.projection.filters, self._ahead)
        try:
            await reader.open()
            self.error, self.lag = None, reader.pending
            await self._fold_and_write(connection, reader, stopping)
        finally:
            await reader.close()

    def _reader(self, filters: tuple[str, ...], ahead: int) -> PullReader:
        log = Ordered(streams.EVENTS, filters)
        return PullReader(self.bus, log, start=self.sequence + 1, batch=ahead, skip=self._skip)

    async def _reads_all(self) -> bool:
        """Whether reading the whole log is cheaper for now.

        A server that has to look for several kinds of events takes 400 microseconds to find each
        one among 500,000 subjects, and 8 to send one whatever it is (NATS 2.15.1).
        """
        if len(self.projection.filters) == 1:
            return False
        log = await self.bus.api(f"STREAM.INFO.{streams.EVENTS}")
        behind = int(log["state"]["last_seq"]) - self.sequence
        if behind < FAR:
            return False
        ours = self._reader(self.projection.filters, 1)
        try:
            await ours.open()
            return ours.pending * _SPARSE > behind
        finally:
            await ours.close()

    @property
    def _passing(self) -> tuple[type[Exception], ...]:
        """What is no error, as it goes on by itself."""
        return ()

    @property
    def _longest_pause(self) -> float:
        """Seconds from one try to the next."""
        return _LONGEST_PAUSE

    @property
    def _ahead(self) -> int:
        """Messages to ask for at once."""
        return _BATCH

    @property
    def _skip(self) -> Callable[[bytes], bool] | None:
        """Which events are for somebody else to fold, by their subjects."""
        if not self.bulk:
            return None
        ours = {each.split(".")[2].encode() for each in self.projection.filters}
        return lambda subject: subject.split(b".", 3)[2] not in ours

    @property
    def _writer_name(self) -> str:
        """By which PostgreSQL knows the connection."""
        return f"projector-{self.projection.name}"

    async def _position(self, connection: Connection) -> int:
        """Where to go on, once it is the writer."""
        build = await catalog.find(connection, self.projection.name, self.slot)
        if build is None or (build.version, build.partitions) != (self.projection.version, 1):
            raise Superseded(BUILD_GONE)
        return build.sequence

    async def _become_writer(self, connection: Connection, stopping: asyncio.Event) -> bool:
        """One writer a build: wait for the advisory lock; it ends with its holder's connection."""
        key = f"aiops.projection.{self.projection.name}.{self.slot}.{self.projection.version}"
        while not stopping.is_set():
            cursor = await connection.execute(
                "select pg_try_advisory_lock(hashtextextended(%s, 0))", (key,)
            )
            row = await cursor.fetchone()
            if row is not None and row[0]:
                return True
            self.error = STANDS_BY
            await _sleep(stopping, 1.0)
        return False

    async def _fold_and_write(
        self, connection: Connection, reader: PullReader, stopping: asyncio.Event
    ) -> None:
        writing: asyncio.Task[None] | None = None
        hurrying = asyncio.create_task(_hurry(reader, stopping))
        try:
            while not stopping.is_set():
                deliveries = await reader.take(_BATCH, wait=0.5)
                if not deliveries:
                    await self._settle(writing)
                    writing = None
                    self._measure(reader.pending)
                    if reader.position > self.sequence + 1:
                        await self._write(connection, self._fold(reader, []))
                    if self.bulk and not reader.pending:
                        return
                    continue
                batch = self._fold(reader, await self._with_company(reader, deliveries))
                await self._settle(writing)
                writing = asyncio.create_task(self._write(connection, batch))
                if self.bulk and reader.pending < _BATCH:
                    return
        finally:
            hurrying.cancel()
            await self._settle(writing)

    async def _with_company(self, reader: PullReader, deliveries: list[Delivery]) -> list[Delivery]:
        """Few events soon after others wait for more: one batch costs as much as one event."""
        loop = asyncio.get_running_loop()
        early = self._last_take + self.projection.pace - loop.time()
        if early > 0 and len(deliveries) < _FEW:
            await asyncio.sleep(early)
            deliveries = deliveries + await reader.take(_BATCH, wait=0)
        self._last_take = loop.time()
        return deliveries

    async def _settle(self, writing: "asyncio.Task[None] | None") -> None:
        if writing is not None:
            await writing

    def _fold(self, reader: PullReader, deliveries: Sequence[Delivery]) -> Batch:
        rows = Rows(self.projection.tables)
        batch = Batch(deliveries, reader.position - 1, reader.pending, rows)
        for delivery in deliveries:
            try:
                self.projection.fold(delivery, batch.rows)
            except UnknownEvent:
                raise
            except Exception as error:  # noqa: BLE001 - a fold is pure: trying again is no use
                batch.poison[delivery.sequence] = _said(error)
        return batch

    async def _write(self, connection: Connection, batch: Batch) -> None:
        name = self.projection.name
        with (
            metrics.PROJECTION_BATCH_SECONDS.labels(name).time(),
            self.tracing.folding(name, batch.deliveries),
        ):
            try:
                await self._commit(connection, batch.rows, batch.poison, batch.to)
            except Exception as error:
                if not is_about_a_row(error):
                    raise
                await self._write_one_by_one(connection, batch)
        await self._statistics.renew(connection, batch.rows)
        await self._tell(batch.pending, len(batch.deliveries))

    async def _write_one_by_one(self, connection: Connection, batch: Batch) -> None:
        """A batch that PostgreSQL does not take: find the event that it is about."""
        for delivery in batch.deliveries:
            sequence, rows = delivery.sequence, Rows(self.projection.tables)
            poison = {sequence: batch.poison[sequence]} if sequence in batch.poison else {}
            if not poison:
                self.projection.fold(delivery, rows)
            try:
                await self._commit(connection, rows, poison, sequence)
            except Exception as error:
                if not is_about_a_row(error):
                    raise
                nothing, poison = Rows(self.projection.tables), {sequence: _said(error)}
                await self._commit(connection, nothing, poison, sequence)

    async def _commit(
        self, connection: Connection, rows: Rows, poison: Mapping[int, str], last: int
    ) -> None:
        """Rows, what is set aside, and the position: all of it or nothing."""
        name = self.projection.name
        of = catalog.aside_of(name, self.slot)
        aside = [catalog.set_aside(of, *told) for told in poison.items()]
        statements = [*self._writer.statements(rows), *aside]
        await self._advance(connection, statements, last)
        self.sequence = last
        for sequence, error in poison.items():
            self._say.error("poison_event", sequence=sequence, reason=error)
            metrics.PROJECTION_ERRORS.labels(name).inc()

    async def _advance(
        self, connection: Connection, statements: Sequence[Statement], to: int
    ) -> None:
        projection = self.projection
        checkpoint = (projection.name, self.slot, projection.version, self.sequence, to)
        await write(connection, statements, checkpoint)

    async def _tell(self, pending: int, size: int) -> None:
        name = self.projection.name
        self._measure(pending)
        metrics.PROJECTION_EVENTS.labels(name).inc(size)
        self.folded += size
        if self.slot == "live":
            await self._announce()
        async with self.moved:
            self.moved.notify_all()

    def _measure(self, lag: int) -> None:
        self.lag = lag
        if self.slot == "live":
            metrics.PROJECTION_SEQUENCE.labels(self.projection.name).set(self.sequence)
            metrics.PROJECTION_LAG.labels(self.projection.name).set(lag)

    async def _announce(self) -> None:
        """Writers that wait for their own write hear of it; who misses it asks PostgreSQL."""
        try:
            await self.bus.emit(f"pos.{self.projection.name}", str(self.sequence).encode())
        except BusUnavailable:
            return


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


async def _hurry(reader: PullReader, stopping: asyncio.Event) -> None:
    """Who is told to stop does not wait for events: at a switch, readers wait for us."""
    await stopping.wait()
    reader.hurry()


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
