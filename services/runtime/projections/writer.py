"""Writes a batch: rows of all tables and the checkpoint, in one transaction and one round trip."""

from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import errors

from services.runtime.database import Connection, DatabaseUnavailable
from services.runtime.projections.projection import Rows
from services.runtime.projections.table import Table

Statement = tuple[bytes, list[Any]]

_NOT_THE_ROW = (
    # An outage, or tables that are not as this program expects them.
    DatabaseUnavailable,
    OSError,
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.UndefinedFunction,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
)
_PROGRAM_LIMIT = "54"


class Writer:
    """The statements of one projection in one schema."""

    def __init__(self, tables: Sequence[Table], schema: str) -> None:
        self._tables = tables
        self._upserts = {table.name: table.upsert(schema).encode() for table in tables}
        self._deletes = {table.name: table.delete(schema).encode() for table in tables}
        self._records = {
            table.name: table.past.record(schema).encode()
            for table in tables
            if table.past is not None
        }

    def statements(self, rows: Rows) -> list[Statement]:
        """What is to be executed for these rows."""
        found: list[Statement] = []
        for table in self._tables:
            changes = rows.changes[table.name]
            if rows.versions.get(table.name):  # First: it reads what the others are to change.
                found.append((self._records[table.name], _versions(table, rows)))
            put = [(*row, seq) for row, seq in changes.values() if row]
            if put:
                found.append((self._upserts[table.name], _columns(table, put)))
            gone = [(*key, seq) for key, (row, seq) in changes.items() if not row]
            if gone:
                found.append(
                    (self._deletes[table.name], [list(part) for part in zip(*gone, strict=True)])
                )
        return found


def _versions(table: Table, rows: Rows) -> list[Any]:
    versions = rows.versions[table.name]
    told = [(*(row or table.only_key(key)), seq) for (key, seq), row in versions.items()]
    return [*_columns(table, told), [not row for row in versions.values()]]


def _columns(table: Table, rows: list[tuple[Any, ...]]) -> list[Any]:
    arrays: list[Any] = []
    for column, values in zip(table.columns, zip(*rows, strict=True), strict=True):
        if column.type == "jsonb":
            arrays.append([None if value is None else _json(value) for value in values])
        else:
            arrays.append(list(values))
    return arrays


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_ADVANCE = b"select aiops.advance(%s, %s, %s, %s, %s)"


async def write(
    connection: Connection,
    statements: Sequence[Statement],
    checkpoint: tuple[Any, ...],
    advance: bytes = _ADVANCE,
) -> psycopg.AsyncCursor[tuple[Any, ...]]:
    """Execute all, then move the checkpoint; all of it or nothing. What the latter says is given.

    Statements of one pipeline without an explicit transaction are one implicit transaction
    (PostgreSQL manual, "Pipelining"); `aiops.advance` fails it when another writer has taken over.
    """
    async with connection.pipeline():
        for sql, parameters in statements:
            await connection.execute(sql, parameters, prepare=True)
        return await connection.execute(advance, checkpoint, prepare=True)


def is_about_a_row(error: Exception) -> bool:
    """True if these rows can never be written: a value that does not fit, not an outage.

    Also whatever is no database error: it comes from turning values into parameters.
    """
    if isinstance(error, _NOT_THE_ROW):
        return False
    if isinstance(error, psycopg.OperationalError):
        # For example a text that is too long for an index.
        return (error.sqlstate or "").startswith(_PROGRAM_LIMIT)
    if isinstance(error, psycopg.Error):
        return isinstance(
            error, psycopg.DataError | psycopg.IntegrityError | psycopg.ProgrammingError
        )
    return True
