"""A table of a projection, declared by a row class; SQL is derived from it."""

import typing
from dataclasses import dataclass, field
from datetime import datetime
from types import UnionType
from typing import Any, NamedTuple
from uuid import UUID

_TYPES: dict[Any, str] = {
    UUID: "uuid",
    str: "text",
    int: "int8",
    bool: "bool",
    float: "float8",
    datetime: "timestamptz",
    dict: "jsonb",
}


class Column(NamedTuple):
    """One column: its name, PostgreSQL type, and whether it may be null."""

    name: str
    type: str
    nullable: bool


def _column(name: str, annotation: Any) -> Column:
    nullable = False
    if isinstance(annotation, UnionType):
        nullable = True
        annotation = next(part for part in annotation.__args__ if part is not type(None))
    return Column(name, _TYPES[typing.get_origin(annotation) or annotation], nullable)


@dataclass(frozen=True)
class Table:
    """A table: its row class (a NamedTuple), key, indexes, and columns that events do not rewrite.

    Every table has a column ``seq`` more: the sequence of the event that wrote the row last.
    ``kept`` columns are written when a row is new, and left alone when it exists.
    """

    name: str
    row: type[tuple[Any, ...]]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    more: str = ""
    """Statements run after the table is made; ``{schema}`` is where it lives."""
    columns: tuple[Column, ...] = field(init=False)
    key_at: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(self.row)
        columns = (*(_column(name, hint) for name, hint in hints.items()),)
        object.__setattr__(self, "columns", (*columns, Column("seq", "int8", nullable=False)))
        names = [column.name for column in columns]
        object.__setattr__(self, "key_at", tuple(names.index(name) for name in self.key))

    def key_of(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The key values of a row."""
        return tuple(row[at] for at in self.key_at)

    def create(self, schema: str) -> str:
        """The statements that make the table and its indexes."""
        columns = ", ".join(
            f"{column.name} {column.type}{'' if column.nullable else ' not null'}"
            for column in self.columns
        )
        statements = [
            f"create table {schema}.{self.name} ({columns}, primary key ({', '.join(self.key)}))"
        ]
        statements += [f"create index on {schema}.{self.name} {index}" for index in self.indexes]
        if self.more:
            statements.append(self.more.replace("{schema}", schema))
        return "; ".join(statements)

    def upsert(self, schema: str) -> str:
        """One statement that writes many rows, given as one array a column."""
        names = ", ".join(column.name for column in self.columns)
        arrays = ", ".join(f"%b::{_array_type(column)}[]" for column in self.columns)
        selected = ", ".join(
            f"{column.name}::jsonb" if column.type == "jsonb" else column.name
            for column in self.columns
        )
        fixed = {*self.key, *self.kept}
        updates = ", ".join(
            f"{column.name} = excluded.{column.name}"
            for column in self.columns
            if column.name not in fixed
        )
        return (
            f"insert into {schema}.{self.name} as t ({names})"  # noqa: S608 - our own names
            f" select {selected} from unnest({arrays}) as u({names})"
            f" on conflict ({', '.join(self.key)}) do update set {updates}"
            f" where t.seq < excluded.seq"
        )

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


def _array_type(column: Column) -> str:
    return "text" if column.type == "jsonb" else column.type
