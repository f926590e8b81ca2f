"""The columns of a projection's tables, as the fields of row classes tell them."""

import typing
from collections.abc import Iterable
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
    tuple: "jsonb",
}


class Column(NamedTuple):
    """One column: its name, PostgreSQL type, and whether it may be null."""

    name: str
    type: str
    nullable: bool

    @property
    def definition(self) -> str:
        """As a table's statement has it."""
        return f"{self.name} {self.type}{'' if self.nullable else ' not null'}"

    @property
    def array(self) -> str:
        """The parameter that brings many values of it."""
        return f"%b::{'text' if self.type == 'jsonb' else self.type}[]"

    @property
    def unpacked(self) -> str:
        """A value out of that parameter."""
        return f"{self.name}::jsonb" if self.type == "jsonb" else self.name


def columns_of(row: type[tuple[Any, ...]]) -> tuple[Column, ...]:
    """The columns that the fields of a row class stand for."""
    hints = typing.get_type_hints(row)
    return tuple(_column(name, hint) for name, hint in hints.items())


def names(columns: Iterable[Column]) -> str:
    """Their names, as a list in SQL."""
    return ", ".join(column.name for column in columns)


def _column(name: str, annotation: Any) -> Column:
    nullable = False
    if isinstance(annotation, UnionType):
        nullable = True
        annotation = next(part for part in annotation.__args__ if part is not type(None))
    return Column(name, _TYPES[typing.get_origin(annotation) or annotation], nullable)
