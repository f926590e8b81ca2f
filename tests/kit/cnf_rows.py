"""Tables of network functions, filled as the projector does: by their keeper and their fold."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from contracts.cnf import CnfUpdate
from contracts.envelope import Event
from projections.cnf import port_queries, queries
from projections.cnf.filtering import CnfFilter
from projections.cnf.keeper import CnfKeeper
from projections.cnf.projector import projection
from services.runtime.database import Connection, Database, connect
from services.runtime.principals import EVERYWHERE
from services.runtime.projections import catalog
from services.runtime.projections.projection import Rows
from services.runtime.projections.writer import Writer, write
from services.runtime.pull import Delivery
from services.runtime.queries import AsOf, Page
from services.runtime.settings import Settings
from tests.kit.samples import at

LISTS = (queries.workloads, queries.clocks, queries.virtual_functions, port_queries.ports)


@dataclass
class Set:
    """A clock that shows whatever it is set to."""

    time: datetime

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@dataclass
class CnfTables:
    """The tables of a database of a test's own."""

    database: Database
    connection: Connection
    keeper: CnfKeeper
    clock: Set
    sequence: int = 0
    """Of the last event."""

    def add(self, *samples: CnfUpdate) -> None:
        """These are read, and not written yet."""
        for sample in samples:
            self.keeper.add(delivery(sample.model_dump_json().encode()))

    async def take_in(self, *samples: CnfUpdate) -> None:
        """These come together."""
        self.add(*samples)
        await self.write()

    async def write(self) -> None:
        """What was read is written, in one transaction."""
        async with self.connection.transaction():
            await self.keeper.write(self.connection, self.keeper.batch())

    async def happen(self, *events: Event) -> None:
        """These are the next events of the log."""
        for event in events:
            self.sequence += 1
            rows = Rows(projection.tables)
            told = delivery(event.model_dump_json().encode(), self.sequence, event.names.type)
            projection.fold(told, rows)
            statements = Writer(projection.tables, "cnf").statements(rows)
            checkpoint = ("cnf", "live", projection.version, self.sequence - 1, self.sequence)
            await write(self.connection, statements, checkpoint)

    async def read(self, now: datetime, as_of: AsOf | None = None) -> list[Any]:
        """Every list."""
        wanted = CnfFilter(now=now, mine=EVERYWHERE, as_of=as_of)
        return [msgspec.json.decode(await each(self.database, wanted, Page())) for each in LISTS]

    async def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement."""
        return await self.database.fetch_all(sql)


def delivery(body: bytes, sequence: int = 1, event: str = "") -> Delivery:
    """A message as a consumer hands it out, `at` when the sequence says so in seconds."""
    return Delivery(
        subject="",
        headers={"ce-type": event},
        data=body,
        reply="",
        sequence=sequence,
        consumer="",
        consumer_sequence=sequence,
        delivered=1,
        time_ns=round(at(sequence).timestamp()) * 10**9,
        pending=0,
    )


@asynccontextmanager
async def cnf_tables(settings: Settings, now: datetime) -> AsyncGenerator[CnfTables]:
    """Empty tables, and a clock that stands."""
    database, clock = Database(settings.database, "test"), Set(now)
    await database.open()
    connection = await connect(settings.database, "test")
    try:
        await catalog.create(connection, projection, "live")
        keeper = CnfKeeper(settings, clock)
        await keeper.begin(connection)
        yield CnfTables(database, connection, keeper, clock)
    finally:
        await connection.close()
        await database.close()
