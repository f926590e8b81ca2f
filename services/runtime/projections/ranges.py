"""Durable tables that are partitioned by time: their partitions are made ahead, and dropped."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from psycopg import errors

from services.runtime.database import Connection

Unit = Literal["hour", "day", "month"]
_PATIENCE = b"set lock_timeout = '500ms'"
_BUSY = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected)


@dataclass
class Ranges:
    """The partitions of one table in the schema ``aiops``, one a unit of time (UTC)."""

    table: str
    unit: Unit
    _there: set[datetime] = field(default_factory=set[datetime], init=False)

    async def load(self, connection: Connection) -> None:
        """Look which there are."""
        cursor = await connection.execute(
            "select since from aiops.partitions_of(%s)", (self.table,)
        )
        self._there = {row[0] async for row in cursor}

    async def make(self, connection: Connection, times: Iterable[datetime]) -> None:
        """Make those that these times are in, as far as they are not there."""
        for since in sorted({self.begin(each) for each in times} - self._there):
            await connection.execute(
                "select aiops.make_partition(%s, %s, %s)", (self.table, self.unit, since)
            )
            self._there.add(since)

    async def drop(self, connection: Connection, before: datetime) -> None:
        """Drop those that end before a time; nobody who reads or writes waits for it.

        In autocommit. What somebody is still reading is left for another time, when this is called
        again; whoever begins to read now does not see it any more.
        """
        old = sorted(each for each in self._there if self.end(each) <= before)
        await connection.execute(_PATIENCE)
        try:
            await self._finish(connection)
            for since in old:
                name = f"{self.table}_{since:%Y%m%d%H}"
                await self._alter(connection, f"detach partition aiops.{name} concurrently")
                self._there.discard(since)
                await self._finish(connection)
        except _BUSY:
            await self.load(connection)
        finally:
            await connection.execute(b"reset lock_timeout")

    async def _finish(self, connection: Connection) -> None:
        """Drop what is detached, also if whoever began it was stopped half-way."""
        for name, pending in await self._detached(connection):
            if pending:
                await self._alter(connection, f"detach partition aiops.{name} finalize")
            await connection.execute(f"drop table aiops.{name}".encode())

    async def _alter(self, connection: Connection, change: str) -> None:
        await connection.execute(f"alter table aiops.{self.table} {change}".encode())

    async def _detached(self, connection: Connection) -> list[tuple[str, bool]]:
        cursor = await connection.execute(
            "select c.relname::text, i.inhrelid is not null"
            " from pg_class c left join pg_inherits i on i.inhrelid = c.oid"
            " where c.relnamespace = 'aiops'::regnamespace and c.relkind = 'r'"
            " and c.relname ~ %s and coalesce(i.inhdetachpending, true)",
            (f"^{self.table}_[0-9]{{10}}$",),
        )
        return [(row[0], row[1]) async for row in cursor]

    def begin(self, at: datetime) -> datetime:
        """Where the partition begins that a time is in."""
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if self.unit == "hour":
            return hour
        return hour.replace(hour=0) if self.unit == "day" else hour.replace(hour=0, day=1)

    def end(self, begin: datetime) -> datetime:
        """Where one ends that begins there."""
        if self.unit == "month":
            return (begin + timedelta(days=31)).replace(day=1)
        return begin + (timedelta(hours=1) if self.unit == "hour" else timedelta(days=1))

    def ahead(self, now: datetime) -> list[datetime]:
        """Times whose partitions are good to have: this one's and the next one's."""
        return [now, self.end(self.begin(now))]
