"""A projection: which events it folds into which rows."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from contracts.catalog import CATALOG, EventCatalog
from contracts.envelope import Event, Message, Query
from services.runtime.clock import Clock
from services.runtime.context import from_nanoseconds
from services.runtime.projections.keeper import Keeper
from services.runtime.projections.table import Table
from services.runtime.pull import Delivery
from services.runtime.service import Answers, QueryHandler
from services.runtime.settings import Settings

E = TypeVar("E", bound=Event)
Q = TypeVar("Q", bound=Query)

_DELETED: tuple[Any, ...] = ()
_Change = tuple[tuple[Any, ...], int]
_Changes = dict[tuple[Any, ...], _Change]
_Versions = dict[tuple[tuple[Any, ...], int], tuple[Any, ...]]


class Rows:
    """The rows that a batch of events leaves: one entry a key, the last word wins.

    Of tables with history also every version on the way, by key and sequence; () for none.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self.changes: dict[str, _Changes] = {table.name: {} for table in tables}
        self.versions: dict[str, _Versions] = {table.name: {} for table in tables if table.history}
        self.sequence = 0
        """The event being folded."""
        self.notes: dict[Any, Any] = {}
        """What folds remember of the batch, besides."""
        self._before: list[tuple[_Changes, tuple[Any, ...], _Change | None]] = []

    def begin(self, sequence: int) -> None:
        """Another event is being folded."""
        self.sequence = sequence
        self._before.clear()

    def undo(self) -> None:
        """Take back what the event being folded has changed: it turned out to be poison."""
        for changes, key, before in reversed(self._before):
            if before is None:
                del changes[key]
            else:
                changes[key] = before
        self._before.clear()
        for versions in self.versions.values():
            # The newest are at the end.
            while versions and next(reversed(versions))[1] == self.sequence:
                versions.popitem()

    def put(self, table: Table, row: tuple[Any, ...], *, of: int | None = None) -> None:
        """This row is now the row of its key; ``of``: as an earlier event has left it."""
        changes = self.changes[table.name]
        key = table.key_of(row)
        before = changes.get(key)
        if table.kept and before is not None and before[0]:
            row = _keep(table, before[0], row)
        self._before.append((changes, key, before))
        changes[key] = (row, self.sequence if of is None else of)
        if table.history:
            self.versions[table.name][key, self.sequence] = row

    def found(self, table: Table, key: tuple[Any, ...]) -> tuple[tuple[Any, ...], int] | None:
        """The row that this batch leaves of a key, and of which event; None for no such row."""
        change = self.changes[table.name].get(key)
        return change if change is not None and change[0] else None

    def delete(self, table: Table, key: tuple[Any, ...]) -> None:
        """There is no row of this key any more."""
        changes = self.changes[table.name]
        self._before.append((changes, key, changes.get(key)))
        changes[key] = (_DELETED, self.sequence)
        if table.history:
            self.versions[table.name][key, self.sequence] = _DELETED


def _keep(table: Table, old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        before if column.name in table.kept else after
        for column, before, after in zip(table.columns, old, new, strict=False)
    )


@dataclass(frozen=True, slots=True)
class Position:
    """Where the event being folded stands, and its envelope."""

    delivery: Delivery

    @property
    def sequence(self) -> int:
        """Its sequence."""
        return self.delivery.sequence

    @property
    def logged_at(self) -> datetime:
        """The log's time of it."""
        return from_nanoseconds(self.delivery.time_ns)


TypedFold = Callable[[E, Position, Rows], None]
RawFold = Callable[[Delivery, Rows], None]


MakesKeeper = Callable[[Settings, Clock], Keeper]
"""Makes what keeps one kind of telemetry."""
MeasureFold = Callable[[Sequence[Any]], tuple[str, list[Any]]]
"""Messages of one kind to one statement (``{schema}`` for the schema) and its parameters."""


@dataclass(frozen=True, slots=True)
class MeasureRoute:
    """What one kind of telemetry changes in the rows."""

    model: type[Message]
    fold: MeasureFold


@dataclass
class Projection:
    """A read model: tables, and a pure fold from events to rows.

    A changed fold or table raises ``version``: the projection is then rebuilt from the log beside
    the live one.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    pace: float = 0.004
    """Seconds from one batch to the next where events trickle in: what a reader may have to wait
    longer, for a fraction of the work. An event after a pause is folded at once."""
    catalog: EventCatalog = CATALOG
    _folds: dict[str, TypedFold[Any]] = field(default_factory=dict[str, TypedFold[Any]])
    _entities: set[str] = field(default_factory=set[str])
    _raw: RawFold | None = None
    measures: dict[str, MeasureRoute] = field(default_factory=dict[str, MeasureRoute])
    questions: dict[type[Query], QueryHandler] = field(
        default_factory=dict[type[Query], QueryHandler]
    )
    keepers: list[MakesKeeper] = field(default_factory=list[MakesKeeper])

    def on(self, event: type[E]) -> Callable[[TypedFold[E]], TypedFold[E]]:
        """Register how one kind of event changes the rows, whatever version it was written in."""

        def register(fold: TypedFold[E]) -> TypedFold[E]:
            self._folds[event.names.public] = fold
            self._entities.add(event.entity)
            return fold

        return register

    def on_every_event(self, fold: RawFold) -> RawFold:
        """Register the fold of a projection that looks at envelopes only."""
        self._raw = fold
        return fold

    def on_measure(self, kind: str, model: type[Message]) -> Callable[[MeasureFold], MeasureFold]:
        """Register what one kind of telemetry changes in rows that events have made."""

        def register(fold: MeasureFold) -> MeasureFold:
            self.measures[kind] = MeasureRoute(model, fold)
            return fold

        return register

    def keeps(self, keeper: MakesKeeper) -> None:
        """Register what writes telemetry into durable tables, in the process that runs it."""
        self.keepers.append(keeper)

    def answers(self, query: type[Q]) -> Callable[[Answers[Q]], Answers[Q]]:
        """Register who answers a question about its rows, in the process that runs it."""

        def register(handler: Answers[Q]) -> Answers[Q]:
            if not handler.__doc__:
                raise ValueError(f"{handler.__name__} needs a docstring: it is its description")
            self.questions[query] = handler
            return handler

        return register

    @property
    def digest(self) -> str:
        """Of the statements that make its tables: rows of other ones do not fit."""
        made = "\n".join(table.create("s") for table in self.tables)
        return hashlib.sha256(made.encode()).hexdigest()[:16]

    @property
    def filters(self) -> tuple[str, ...]:
        """The subjects it reads."""
        if self._raw is not None:
            return ("evt.>",)
        return tuple(f"evt.*.{entity}.>" for entity in sorted(self._entities))

    def fold(self, delivery: Delivery, rows: Rows) -> None:
        """Fold one event, whole or not at all.

        UnknownEvent for a type or version that this program does not know.
        """
        rows.begin(delivery.sequence)
        try:
            self._fold(delivery, rows)
        except Exception:
            rows.undo()
            raise

    def _fold(self, delivery: Delivery, rows: Rows) -> None:
        if self._raw is not None:
            self._raw(delivery, rows)
            return
        event = self.catalog.decode(delivery.headers["ce-type"], delivery.data)
        fold = self._folds.get(event.names.public)
        if fold is not None:
            fold(event, Position(delivery), rows)
