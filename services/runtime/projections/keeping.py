"""Writes telemetry into durable tables: what is kept longer than the bus keeps it.

Unlike the rows of a projection, these are never made anew, so their position is kept apart from it
and no rebuild resets it. Rows and position are one transaction: each message is in the tables once.
While PostgreSQL writes a batch, the next one is read.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.database import Connection, DatabaseUnavailable, connect
from services.runtime.logging import logger
from services.runtime.projections.keeper import Keeper, Unreadable
from services.runtime.projections.runner import STANDS_BY
from services.runtime.projections.writer import is_about_a_row
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.settings import DatabaseSettings

_CHUNK = 200
_FEW = 100
"""With fewer messages, and little time since the last batch, it waits for more."""
_PACE, _GLANCE, _QUIET, _PAUSE = 0.1, 0.05, 1.0, 1.0
_BEHIND = 1000
_LONG = 60.0
"""Seconds that a statement may take: others write a few rows, these tens of thousands."""
_SILENCE = 10.0
"""Seconds without a message after which it looks whether the stream is still the same one."""


class MadeAnew(Exception):
    """The stream is another one than it was."""


_AWAY = (BusUnavailable, JetStreamRefused, DatabaseUnavailable, psycopg.Error, MadeAnew)


@dataclass
class KeepingRunner:
    """The loop of one kind of telemetry."""

    keeper: Keeper
    bus: Bus
    database: DatabaseSettings
    sequence: int = field(default=0, init=False)
    """The position that is committed."""
    lag: int = field(default=-1, init=False)
    """Messages that are not read yet; -1 until known."""
    error: str | None = field(default="not started", init=False)
    """Why it stands still, if it does."""
    _careful: int = field(default=0, init=False)
    """Up to there each message is written alone: one of them cannot be written."""
    _last: int = field(default=0, init=False)
    """The last message that was added."""
    _tried: int = field(default=0, init=False)
    """The last message of the batch that is being written."""
    _count: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)
    _heard: float = field(default=0.0, init=False)
    """When there was a message, or a look at the stream."""
    _born: datetime | None = field(default=None, init=False)
    """When the stream was made."""

    def __post_init__(self) -> None:
        self.name = self.keeper.kind
        self._say = logger("keeping", kind=self.name)

    @property
    def healthy(self) -> bool:
        """False while it stands still, except for another process that writes."""
        return self.error in {None, STANDS_BY}

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep until told to stop; comes back by itself when bus or database were away."""
        while not stopping.is_set():
            try:
                await self._run_once(stopping)
            except _AWAY as error:
                self.error = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
                self._say.warning("interrupted", reason=self.error)
                await _sleep(stopping, _PAUSE)

    async def _run_once(self, stopping: asyncio.Event) -> None:
        patient = self.database.model_copy(update={"timeout": max(_LONG, self.database.timeout)})
        connection = await connect(patient, f"keeper-{self.name}", durable=False)
        async with connection:
            if not await self._become_writer(connection, stopping):
                return
            self.sequence = self._last = await self._position(connection)
            self._count = 0
            await self.keeper.begin(connection)
            source = Ordered(streams.TELEMETRY, (f"tel.{self.name}.>",))
            reader = PullReader(self.bus, source, start=self.sequence + 1)
            try:
                await reader.open()
                self.error, self.lag = None, reader.pending
                await self._keep(connection, reader, stopping)
            finally:
                await reader.close()

    async def _become_writer(self, connection: Connection, stopping: asyncio.Event) -> bool:
        """One writer at a time: the advisory lock ends with its holder's connection."""
        key = f"aiops.kept.{self.name}"
        while not stopping.is_set():
            cursor = await connection.execute(
                "select pg_try_advisory_lock(hashtextextended(%s, 0))", (key,)
            )
            row = await cursor.fetchone()
            if row is not None and row[0]:
                return True
            self.error = STANDS_BY
            await _sleep(stopping, _PAUSE)
        return False

    async def _position(self, connection: Connection) -> int:
        """Where to go on: in a stream that was made anew from its start."""
        cursor = await connection.execute(
            "select sequence, born from aiops.kept where name = %s", (self.name,)
        )
        row = await cursor.fetchone()
        sequence, known = (0, None) if row is None else row
        self._born, last = await self._stream()
        self._heard = asyncio.get_running_loop().time()
        if sequence > last or known not in {None, self._born}:
            self._say.warning("telemetry_anew", was=sequence, last=last)
            sequence = 0
        await connection.execute(
            "insert into aiops.kept (name, sequence, born) values (%s, %s, %s)"
            " on conflict (name) do update set sequence = excluded.sequence, born = excluded.born",
            (self.name, sequence, self._born),
        )
        return sequence

    async def _stream(self) -> tuple[datetime, int]:
        """When it was made, and its last sequence."""
        info = await self.bus.api(f"STREAM.INFO.{streams.TELEMETRY}")
        return datetime.fromisoformat(info["created"]), int(info["state"]["last_seq"])

    async def _look_at_stream(self) -> None:
        """A reader of one that was made anew would wait for its old place in it, in silence."""
        now = asyncio.get_running_loop().time()
        if now - self._heard < _SILENCE:
            return
        self._heard, (born, _) = now, await self._stream()
        if born != self._born:
            raise MadeAnew("the telemetry was made anew")

    async def _keep(
        self, connection: Connection, reader: PullReader, stopping: asyncio.Event
    ) -> None:
        working: asyncio.Task[None] | None = None
        hurrying = asyncio.create_task(_hurry(reader, stopping))
        try:
            while not stopping.is_set():
                await self._read(reader)
                busy = working is not None and not working.done()
                if not self._enough and (busy or self._more_to_come(reader)):
                    continue
                await self._settle(connection, reader, working)
                working = self._begin(connection, reader)
        finally:
            hurrying.cancel()
            await self._settle(connection, reader, working)

    def _more_to_come(self, reader: PullReader) -> bool:
        """With much to read, batches are large: each GPU has one latest row a batch to change."""
        waited = asyncio.get_running_loop().time() - self._began
        return reader.pending > _BEHIND and waited < _QUIET

    @property
    def _enough(self) -> bool:
        return self.keeper.full or self._last <= self._careful

    async def _read(self, reader: PullReader) -> None:
        """Add what has come; little soon after a batch waits for more, as each batch has its price.

        A chunk at a time, so that whatever is being written is written on in between.
        """
        most = 1 if self.sequence < self._careful else _CHUNK
        early = self._began + _PACE - asyncio.get_running_loop().time()
        if early > 0 and reader.pending < _FEW and most > 1:
            await asyncio.sleep(early)
        found = await reader.take(most, wait=_GLANCE if self._count else _QUIET)
        if found:
            self._heard = asyncio.get_running_loop().time()
        else:
            await self._look_at_stream()
        for delivery in found:
            self._add(delivery)

    def _add(self, delivery: Delivery) -> None:
        try:
            self.keeper.add(delivery)
        except Unreadable as error:
            self._pass_over(delivery.sequence, str(error))
        except Exception as error:  # noqa: BLE001 - no message may stop all that come after it
            self._pass_over(delivery.sequence, f"{type(error).__name__}: {error}")
        self._last, self._count = delivery.sequence, self._count + 1

    def _begin(self, connection: Connection, reader: PullReader) -> "asyncio.Task[None]":
        """Write what was added until now. Cut off here: what is read from now on is not in it."""
        self._began = asyncio.get_running_loop().time()
        last, count, pending = self._last, self._count, reader.pending
        self._tried = last
        batch, self._count = self.keeper.batch(), 0
        return asyncio.create_task(self._work(connection, batch, last, count, pending))

    async def _work(
        self, connection: Connection, batch: Any, last: int, count: int, pending: int
    ) -> None:
        """Write a batch, and tidy up."""
        if last > self.sequence:
            with metrics.PROJECTION_BATCH_SECONDS.labels(self.name).time():
                async with connection.transaction():
                    # First: whoever is no longer the writer comes no further.
                    await self._advance(connection, self.sequence, last)
                    await self.keeper.write(connection, batch)
            self._moved(last, count)
        self.lag = pending
        metrics.PROJECTION_LAG.labels(self.name).set(pending)
        await self._tidy(connection, behind=pending > _BEHIND)

    async def _tidy(self, connection: Connection, *, behind: bool) -> None:
        try:
            await self.keeper.tidy(connection, behind=behind)
        except Exception as error:
            if not is_about_a_row(error):
                raise
            self._say.exception("not_tidied")  # It is tried again; new messages do not wait.

    async def _advance(self, connection: Connection, old: int, new: int) -> None:
        await connection.execute("select aiops.keep(%s, %s, %s)", (self.name, old, new))

    def _moved(self, last: int, count: int) -> None:
        self.sequence = last
        metrics.PROJECTION_SEQUENCE.labels(self.name).set(last)
        metrics.PROJECTION_EVENTS.labels(self.name).inc(count)

    async def _settle(
        self, connection: Connection, reader: PullReader, working: "asyncio.Task[None] | None"
    ) -> None:
        """Wait for a batch; what cannot be written is written again message by message."""
        if working is None:
            return
        until = self._last
        try:
            await working
        except Exception as error:
            if not is_about_a_row(error):
                raise
            await self._without_the_broken(connection, until, error)
            reader.seek(self.sequence + 1)

    async def _without_the_broken(
        self, connection: Connection, until: int, error: Exception
    ) -> None:
        """Begin again after what is committed, or after the one message that it was about."""
        await self.keeper.begin(connection)
        if self.sequence < self._careful:
            broken = self._tried
            await self._advance(connection, self.sequence, broken)
            self._moved(broken, 1)
            self._pass_over(broken, f"{type(error).__name__}: {error}")
        self._careful, self._last, self._count = max(self._careful, until), self.sequence, 0

    def _pass_over(self, sequence: int, reason: str) -> None:
        self._say.error("passed_over", sequence=sequence, reason=reason[:500])
        metrics.PROJECTION_ERRORS.labels(self.name).inc()


async def _hurry(reader: PullReader, stopping: asyncio.Event) -> None:
    """Who is told to stop does not wait for messages."""
    await stopping.wait()
    reader.hurry()


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
