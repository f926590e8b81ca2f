"""Folds telemetry into a projection's rows: what refreshes them without being an event.

Its position is in the same transaction as the rows, as for events. A rebuild starts it anew, with
what the telemetry stream still holds.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg
from pydantic import ValidationError

from contracts.envelope import Message
from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.database import Connection, DatabaseUnavailable, connect
from services.runtime.logging import logger
from services.runtime.projections import catalog
from services.runtime.projections.projection import MeasureRoute, Projection
from services.runtime.projections.writer import Statement, is_about_a_row, write
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.settings import DatabaseSettings

_BATCH = 200
_PAUSE, _QUIET = 1.0, 1.0
_AWAY = (BusUnavailable, JetStreamRefused, DatabaseUnavailable, psycopg.Error)


@dataclass
class MeasureRunner:
    """The loop of one projection's telemetry."""

    projection: Projection
    bus: Bus
    database: DatabaseSettings
    sequence: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._name = catalog.measures_of(self.projection.name)
        self._say = logger("projections", projection=self._name)

    async def run(self, stopping: asyncio.Event) -> None:
        """Fold until told to stop; comes back by itself when bus or database were away."""
        while not stopping.is_set():
            try:
                await self._run_once(stopping)
            except _AWAY as error:
                self._say.info("interrupted", reason=type(error).__name__)
                await asyncio.sleep(_PAUSE)

    async def _run_once(self, stopping: asyncio.Event) -> None:
        connection = await connect(self.database, f"projector-{self._name}", durable=False)
        async with connection:
            self.sequence = await catalog.position(connection, self.projection, self._name)
            filters = tuple(f"tel.{kind}.>" for kind in self.projection.measures)
            source = Ordered(streams.TELEMETRY, filters)
            reader = PullReader(self.bus, source, start=self.sequence + 1, batch=_BATCH)
            try:
                await reader.open()
                while not stopping.is_set():
                    deliveries = await reader.take(_BATCH, wait=_QUIET)
                    if deliveries:
                        await self._write(connection, deliveries)
                    elif await catalog.find(connection, self._name, "live") is None:
                        return  # A rebuild was switched to: begin anew.
            finally:
                await reader.close()

    async def _write(self, connection: Connection, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._commit(connection, self._statements(deliveries), deliveries[-1])
        except Exception as error:
            if not is_about_a_row(error):
                raise
            await self._without_the_broken(connection, deliveries)

    async def _without_the_broken(
        self, connection: Connection, deliveries: Sequence[Delivery]
    ) -> None:
        if len(deliveries) > 1:
            for delivery in deliveries:
                await self._write(connection, [delivery])
            return
        self._say.error("broken_measure", sequence=deliveries[0].sequence)
        await self._commit(connection, [], deliveries[0])

    async def _commit(
        self, connection: Connection, statements: Sequence[Statement], last: Delivery
    ) -> None:
        version, reached = self.projection.version, last.sequence
        checkpoint = (self._name, "live", version, self.sequence, reached)
        await write(connection, statements, checkpoint)
        self.sequence = reached

    def _statements(self, deliveries: Sequence[Delivery]) -> list[Statement]:
        messages: dict[str, list[Message]] = defaultdict(list)
        for delivery in deliveries:
            kind = delivery.subject.split(".")[1]
            try:
                messages[kind].append(self._route(kind).model.model_validate_json(delivery.data))
            except ValidationError:
                self._say.error("broken_measure", sequence=delivery.sequence)
        return [self._statement(kind, found) for kind, found in messages.items()]

    def _statement(self, kind: str, messages: Sequence[Message]) -> Statement:
        sql, parameters = self._route(kind).fold(messages)
        return sql.replace("{schema}", self.projection.name).encode(), parameters

    def _route(self, kind: str) -> MeasureRoute:
        return self.projection.measures[kind]
