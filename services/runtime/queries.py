"""Small parts that the queries of all projections are made of."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.runtime.principals import Scope


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

    def within(self, column: str, mine: Scope) -> None:
        """The column has a cluster of the scope; of the whole, no condition."""
        if mine.clusters is not None:
            self.add(f"{column} = any(%s)", sorted(mine.clusters))

    @property
    def sql(self) -> str:
        """The where clause, empty without conditions."""
        return f" where {' and '.join(self.conditions)}" if self.conditions else ""


def within(source: str, mine: Scope, column: str = "cluster_id") -> str:
    """The rows of what stands behind ``from`` that are of clusters of a scope."""
    if mine.clusters is None:
        return source
    ids = ",".join(sorted(map(str, mine.clusters)))
    return f"(select * from {source} as any_of_them where {column} = any('{{{ids}}}'::uuid[]))"  # noqa: S608 - UUIDs


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


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a part of a list that is in the order of a time and an id.

    What is added to the list or goes from it meanwhile moves nothing.
    """

    at: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """The cursor that an earlier answer gave; ValueError for anything else."""
        if len(text) != _CURSOR_LENGTH:
            raise ValueError("not a cursor")
        packed = b64decode(text, altchars=b"-_", validate=True)
        microseconds = int.from_bytes(packed[:8], signed=True)
        try:
            at = _EPOCH + timedelta(microseconds=microseconds)
        except OverflowError:
            raise ValueError("not a cursor") from None
        found = cls(at, UUID(bytes=packed[8:]))
        if str(found) != text:
            raise ValueError("not as we write it")
        return found

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        packed = microseconds.to_bytes(8, signed=True) + self.id.bytes
        return b64encode(packed, altchars=b"-_").decode()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR_LENGTH = 32
