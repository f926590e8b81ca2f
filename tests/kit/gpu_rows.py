"""Tables of GPUs, filled as the projector does: samples by its keeper, what stands by its fold."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from contracts.envelope import Event
from contracts.gpu import GpuUpdate
from projections.gpu.keeping import GpuKeeper
from projections.gpu.projector import projection
from projections.gpu.sources import Moment
from services.runtime.database import Connection, Database, connect
from services.runtime.principals import EVERYWHERE
from services.runtime.projections import catalog
from services.runtime.projections.projection import Rows
from services.runtime.projections.writer import Writer
from services.runtime.pull import Delivery
from services.runtime.queries import AsOf
from services.runtime.settings import DatabaseSettings, Settings
from tests.kit import builders
from tests.kit.samples import CLUSTER_ID, at

M = TypeVar("M", bound=BaseModel)
IDLE = timedelta(minutes=15)
_WRITER = Writer(projection.tables, "gpu")


@dataclass
class _Clock:
    """Whatever time it is set to."""

    time: datetime

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@dataclass
class GpuTables:
    """The tables of a database of a test's own."""

    database: Database
    connection: Connection
    keeper: GpuKeeper
    clock: _Clock
    sequence: int = 0
    """Of the last event."""
    samples: int = field(default=0)

    async def happen(self, *events: Event, seconds: float = 0) -> None:
        """These are the next events of the log."""
        for event in events:
            self.sequence += 1
            rows = Rows(projection.tables)
            projection.fold(_delivery(event, self.sequence, at(seconds), event.names.type), rows)
            for sql, parameters in _WRITER.statements(rows):
                await self.connection.execute(sql, parameters)

    async def tell(self, *updates: GpuUpdate) -> None:
        """These samples came."""
        # It looks at its clock once a batch.
        for update in updates:
            self.samples += 1
            self.clock.time = max(self.clock.time, update.sampled_at)
            self.keeper.batch()
            self.keeper.add(_delivery(update, self.samples, update.sampled_at, ""))
            async with self.connection.transaction():
                await self.keeper.write(self.connection, self.keeper.batch())

    async def roll(self, seconds: float) -> None:
        """Put together what is due at a time."""
        self.clock.time = at(seconds)
        await self.keeper.tidy(self.connection, behind=False)

    def moment(self, seconds: float) -> Moment:
        """Now, which is then."""
        return Moment(at(seconds), EVERYWHERE, None, IDLE, 5.0)

    def then(self, seconds: float, sequence: int | None = None) -> Moment:
        """As of a time, and of an event."""
        told = AsOf(self.sequence if sequence is None else sequence, at(seconds))
        return Moment(at(seconds), EVERYWHERE, told, IDLE, 5.0)

    async def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Rows of a statement."""
        return await self.database.fetch_all(sql)


@asynccontextmanager
async def gpu_tables(
    settings: DatabaseSettings, *clusters: tuple[UUID, str]
) -> AsyncGenerator[GpuTables]:
    """Empty tables, and clusters of these names; one called ``hub`` if none are given."""
    database = Database(settings, "test")
    await database.open()
    clock = _Clock(at())
    async with await connect(settings, "test") as connection:
        await catalog.create(connection, projection, "live")
        keeper = GpuKeeper(Settings(), clock)
        await keeper.begin(connection)
        made = GpuTables(database, connection, keeper, clock)
        for cluster_id, name in clusters or ((CLUSTER_ID, "hub"),):
            await made.happen(builders.registered(id=cluster_id, name=name))
        yield made
    await database.close()


def read(model: type[M], body: bytes | None) -> M:
    """An answer, as the API's document has it."""
    assert body is not None
    return model.model_validate_json(body)


def _delivery(message: BaseModel, sequence: int, when: datetime, kind: str) -> Delivery:
    nanoseconds = int(when.timestamp()) * 1_000_000_000
    body = message.model_dump_json().encode()
    return Delivery("", {"ce-type": kind}, body, "", sequence, "", sequence, 1, nanoseconds, 0)
