"""A table of a projection, declared by a row class; SQL is derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.runtime.projections.columns import Column, columns_of, names
from services.runtime.projections.history import History


@dataclass(frozen=True)
class Table:
    """A table: its row class (a NamedTuple), key, indexes, and columns that events do not rewrite.

    Every table has a column ``seq`` more: the sequence of the event that wrote the row last.
    ``kept`` columns are written when a row is new, and left alone when it exists.

    With ``history`` every version of a row is kept, so that the table can be read as it was after
    any event: see `source`. For few rows that change seldom.
    """

    name: str
    row: type[tuple[Any, ...]]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    more: str = ""
    """Statements run after the table is made; ``{schema}`` is where it lives."""
    history: bool = False
    computed: Mapping[str, str] = field(default_factory=dict[str, str])
    """By column the SQL that says what is written of it: of the row that comes, ``u``, as
    parameters bring it (JSON as text), and of other tables of ``{schema}``."""
    only: str = ""
    """A condition, in SQL, that a row is written on."""
    columns: tuple[Column, ...] = field(init=False)
    key_at: tuple[int, ...] = field(init=False)
    past: History | None = field(init=False)

    def __post_init__(self) -> None:
        columns = columns_of(self.row)
        object.__setattr__(self, "columns", (*columns, Column("seq", "int8", nullable=False)))
        fields = [column.name for column in columns]
        object.__setattr__(self, "key_at", tuple(fields.index(name) for name in self.key))
        if self.history and self.kept:
            # Who else writes them does so at no sequence, so no version could hold them.
            raise ValueError(f"{self.name}: a table with history cannot have kept columns")
        past = History(self.name, columns, self.key) if self.history else None
        object.__setattr__(self, "past", past)

    def key_of(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The key values of a row."""
        return tuple(row[at] for at in self.key_at)

    def only_key(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row that has these key values and is null elsewhere."""
        values = dict(zip(self.key_at, key, strict=True))
        return tuple(values.get(at) for at in range(len(self.columns) - 1))

    def source(self, schema: str, sequence: int | None = None) -> str:
        """What to read from in SQL: the rows as they are, or as they were after an event.

        To be used as ``from {CLUSTER.source("fleet", at)} c``; a sequence needs ``history``.
        """
        if sequence is None:
            return f"{schema}.{self.name}"
        if self.past is None:
            raise ValueError(f"{self.name} has no history")
        return self.past.at(schema, sequence)

    def create(self, schema: str) -> str:
        """The statements that make the table and its indexes."""
        columns = ", ".join(column.definition for column in self.columns)
        statements = [
            f"create table {schema}.{self.name} ({columns}, primary key ({', '.join(self.key)}))"
        ]
        statements += [f"create index on {schema}.{self.name} {index}" for index in self.indexes]
        if self.past is not None:
            statements += self.past.create(schema)
        if self.more:
            statements.append(self.more.replace("{schema}", schema))
        return "; ".join(statements)

    def upsert(self, schema: str) -> str:
        """One statement that writes many rows, given as one array a column."""
        columns = names(self.columns)
        arrays = ", ".join(column.array for column in self.columns)
        selected = ", ".join(map(self._written, self.columns)).replace("{schema}", schema)
        fixed = {*self.key, *self.kept}
        updates = ", ".join(
            f"{column.name} = excluded.{column.name}"
            for column in self.columns
            if column.name not in fixed
        )
        rows = f"select {selected} from unnest({arrays}) as u({columns})"  # noqa: S608 - our own names
        if self.only:
            rows = f"select * from ({rows}) as n where {self.only}"  # noqa: S608
        return (
            f"insert into {schema}.{self.name} as t ({columns}) {rows}"
            f" on conflict ({', '.join(self.key)}) do update set {updates}"
            f" where t.seq < excluded.seq"
        )

    def _written(self, column: Column) -> str:
        computed = self.computed.get(column.name)
        return column.unpacked if computed is None else f"{computed} as {column.name}"

    def delete(self, schema: str) -> str:
        """One statement that deletes many rows: one array a key column, and one of ``seq``."""
        types = {column.name: column.type for column in self.columns}
        arrays = ", ".join(f"%b::{types[name]}[]" for name in self.key)
        match = " and ".join(f"t.{name} = u.{name}" for name in self.key)
        return (
            f"delete from {schema}.{self.name} t"  # noqa: S608 - our own names
            f" using unnest({arrays}, %b::int8[]) as u({', '.join(self.key)}, seq)"
            f" where {match} and t.seq < u.seq"
        )
