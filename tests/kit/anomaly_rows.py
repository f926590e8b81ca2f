"""Tables of anomalies, filled as the projector does, and read."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from contracts.envelope import Event
from projections.anomalies import anomaly_queries as queries
from projections.anomalies.anomaly_queries import AnomalyFilter
from projections.anomalies.projector import projection
from services.runtime.database import Connection, Database, connect
from services.runtime.principals import EVERYWHERE, Scope
from services.runtime.projections import catalog
from services.runtime.projections.projection import Rows
from services.runtime.projections.writer import Writer, write
from services.runtime.pull import Delivery
from services.runtime.queries import Cursor, Page
from services.runtime.settings import DatabaseSettings
from tests.kit.incident_rows import delivery, then


@dataclass
class AnomalyTables:
    """The tables of a database of a test's own."""

    database: Database
    connection: Connection
    log: list[Delivery] = field(default_factory=list[Delivery])

    async def happen(self, *events: Event, actor: str = "service:anomalies") -> int:
        """These are the next events of the log, each a batch; gives the last one's sequence."""
        for event in events:
            self.log.append(delivery(event, len(self.log) + 1, 1, actor))
            await self.fold(self.log[-1:])
        return len(self.log)

    async def fold(self, batch: Sequence[Delivery], slot: catalog.Slot = "live") -> None:
        """Write a batch, whether it was written before or not."""
        rows = Rows(projection.tables)
        for told in batch:
            projection.fold(told, rows)
        schema = catalog.schema_of(projection.name, slot)
        statements = Writer(projection.tables, schema).statements(rows)
        await write(self.connection, statements, (), b"select 1")

    async def list(
        self,
        mine: Scope = EVERYWHERE,
        page: Page | None = None,
        after: str | None = None,
        **wanted: Any,
    ) -> Any:
        """A list of anomalies."""
        cursor = None if after is None else Cursor.read(after)
        asked = AnomalyFilter(mine, **wanted)
        found = await queries.listing(self.database, asked, page or Page(), cursor)
        return msgspec.json.decode(found)

    async def one(self, anomaly: UUID, mine: Scope = EVERYWHERE, as_of: int | None = None) -> Any:
        """One anomaly; None if there is none."""
        found = await queries.by_id(self.database, anomaly, mine, then(as_of))
        return None if found is None else msgspec.json.decode(found.body)


@asynccontextmanager
async def anomaly_tables(settings: DatabaseSettings) -> AsyncGenerator[AnomalyTables]:
    """Empty tables."""
    database = Database(settings, "test")
    await database.open()
    connection = await connect(settings, "test")
    try:
        await catalog.create(connection, projection, "live")
        yield AnomalyTables(database, connection)
    finally:
        await connection.close()
        await database.close()
