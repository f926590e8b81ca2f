"""Small parts that the queries of all projections are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Where:
    """Conditions that all must hold, with their parameters."""

    conditions: list[str] = field(default_factory=list[str])
    parameters: list[Any] = field(default_factory=list[Any])

    def add(self, condition: str, *values: Any) -> None:
        """One more condition; ``%s`` for each value."""
        self.conditions.append(condition)
        self.parameters.extend(values)

    def one_of(self, column: str, values: Sequence[Any]) -> None:
        """The column has one of these values; no values, no condition."""
        if values:
            self.add(f"{column} = any(%s)", list(values))

    @property
    def sql(self) -> str:
        """The where clause, empty without conditions."""
        return f" where {' and '.join(self.conditions)}" if self.conditions else ""


def rfc3339(column: str) -> str:
    """A timestamp as SQL that writes it as events do: in UTC with ``Z``, microseconds if any."""
    text = f"""to_char({column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f"replace({text}, '.000000Z', 'Z')"


@dataclass(frozen=True, slots=True)
class AsOf:
    """After which event a read stands."""

    sequence: int
    """0 for before the first one."""
    at: datetime | None
    """The time asked for; else the log's time of that event, None if it has aged out."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    number: int = 1
    size: int = 20

    @property
    def offset(self) -> int:
        """Rows before it."""
        return (self.number - 1) * self.size

    def envelope(self, total: str) -> str:
        """The paging fields of a list's JSON object, as SQL; ``total`` is an SQL expression."""
        return (
            f"'total', {total}, 'page', {self.number}, 'page_size', {self.size},"
            f" 'total_pages', ({total} + {self.size - 1}) / {self.size}"
        )


def contains(text: str) -> str:
    """A LIKE pattern for "contains this text", whatever characters are in it."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
