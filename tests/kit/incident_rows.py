"""Tables of incidents, filled as the projector does, and read."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from contracts.envelope import Event
from contracts.subjects import address
from projections.incidents import queries, rule_queries, signal_queries, timeline_queries
from projections.incidents.filtering import IncidentFilter
from projections.incidents.projector import projection
from projections.incidents.signal_queries import SignalFilter
from services.runtime.database import Connection, Database, connect
from services.runtime.principals import EVERYWHERE, Scope
from services.runtime.projections import catalog
from services.runtime.projections.projection import Rows
from services.runtime.projections.writer import Writer, write
from services.runtime.pull import Delivery
from services.runtime.queries import AsOf, Page
from services.runtime.settings import DatabaseSettings
from tests.kit.samples import at


@dataclass
class IncidentTables:
    """The tables of a database of a test's own."""

    database: Database
    connection: Connection
    log: list[Delivery] = field(default_factory=list[Delivery])
    versions: dict[Any, int] = field(default_factory=dict[Any, int])

    async def happen(self, *events: Event, actor: str = "service:incidents") -> int:
        """These are the next events of the log, each a batch; gives the last one's sequence."""
        for event in events:
            self.append(event, actor=actor)
            await self.fold(self.log[-1:])
        return len(self.log)

    def append(self, event: Event, *, actor: str = "service:incidents") -> Delivery:
        """This is in the log, and not folded yet."""
        version = self.versions[event.key] = self.versions.get(event.key, 0) + 1
        told = delivery(event, len(self.log) + 1, version, actor)
        self.log.append(told)
        return told

    async def fold(self, batch: list[Delivery], slot: catalog.Slot = "live") -> None:
        """Write a batch, whether it was written before or not."""
        await fold(self.connection, batch, slot)

    async def list(self, mine: Scope = EVERYWHERE, page: Page | None = None, **wanted: Any) -> Any:
        """A list of incidents."""
        found = await queries.listing(self.database, IncidentFilter(mine, **wanted), page or Page())
        return msgspec.json.decode(found)

    async def one(self, incident: UUID, mine: Scope = EVERYWHERE, as_of: int | None = None) -> Any:
        """One incident; None if there is none."""
        found = await queries.by_id(self.database, incident, mine, then(as_of))
        return None if found is None else msgspec.json.decode(found.body)

    async def signals(
        self, incident: UUID, mine: Scope = EVERYWHERE, page: Page | None = None, **wanted: Any
    ) -> Any:
        """Signals of an incident; None if there is none."""
        asked = SignalFilter(mine, **wanted)
        found = await signal_queries.signals(self.database, incident, asked, page or Page())
        return None if found is None else msgspec.json.decode(found)

    async def timeline(
        self, incident: UUID, mine: Scope = EVERYWHERE, most: int = 100, **asked: Any
    ) -> Any:
        """What happened to an incident; None if there is none."""
        found = await timeline_queries.timeline(self.database, incident, mine, most, **asked)
        return None if found is None else msgspec.json.decode(found)

    async def rules(self, mine: Scope = EVERYWHERE, as_of: int | None = None) -> Any:
        """Rules of correlation."""
        found = await rule_queries.listing(self.database, Page(), mine, then(as_of))
        return msgspec.json.decode(found)


def then(sequence: int | None) -> AsOf | None:
    """After this event; None for now."""
    return None if sequence is None else AsOf(sequence, None)


async def fold(connection: Connection, batch: list[Delivery], slot: catalog.Slot) -> None:
    """Fold a batch and write its rows, as the projector does; the checkpoint is left alone."""
    rows = Rows(projection.tables)
    for told in batch:
        projection.fold(told, rows)
    schema = catalog.schema_of(projection.name, slot)
    statements = Writer(projection.tables, schema).statements(rows)
    await write(connection, statements, (), b"select 1")


def delivery(event: Event, sequence: int, version: int, actor: str) -> Delivery:
    """An event as a consumer hands it out, at `at` of its sequence."""
    return Delivery(
        subject=address(event.key, event.names.token, version).subject,
        headers={"ce-type": event.names.type, "ce-actor": actor},
        data=event.model_dump_json().encode(),
        reply="",
        sequence=sequence,
        consumer="",
        consumer_sequence=sequence,
        delivered=1,
        time_ns=round(at(sequence).timestamp()) * 10**9,
        pending=0,
    )


@asynccontextmanager
async def incident_tables(settings: DatabaseSettings) -> AsyncGenerator[IncidentTables]:
    """Empty tables."""
    database = Database(settings, "test")
    await database.open()
    connection = await connect(settings, "test")
    try:
        await catalog.create(connection, projection, "live")
        yield IncidentTables(database, connection)
    finally:
        await connection.close()
        await database.close()
