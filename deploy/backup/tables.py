"""Durable tables by COPY, all in one transaction that sees one moment."""

import hashlib
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from psycopg import sql

from deploy.backup import inventory
from deploy.backup.errors import BackupError
from deploy.backup.folder import PartFile
from deploy.backup.manifest import Manifest, Partition, TablePart
from services.runtime.database import Connection, connect
from services.runtime.settings import DatabaseSettings

Told = Callable[[int], None]

_LONG = 6 * 3600.0
"""Seconds that one COPY may take."""
_CHUNK = 512 * 1024
_BOUNDS = re.compile(r"FOR VALUES FROM \('([^']+)'\) TO \('([^']+)'\)\Z")
_TABLES = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'aiops' and c.relkind in ('r', 'p') and not c.relispartition order by 1
"""
COLUMNS = """
select attname from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
order by attnum
"""
_PARTITIONS = """
select c.relname, pg_get_expr(c.relpartbound, c.oid) from pg_inherits i
join pg_class c on c.oid = i.inhrelid
where i.inhparent = %s::regclass and not i.inhdetachpending order by 1
"""
_IDENTITIES = """
select attname from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attidentity <> ''
"""
_FOLDED = "select name from aiops.projection where sequence > 0 limit 1"
_SEEDED = ("publisher", "command_id_secret")
"""Tables that have rows from the start."""


@asynccontextmanager
async def long_connection(settings: DatabaseSettings) -> AsyncGenerator[Connection]:
    """A connection whose statements may take hours."""
    patient = settings.model_copy(update={"timeout": _LONG})
    async with await connect(patient, "backup") as connection:
        yield connection


@asynccontextmanager
async def moment(settings: DatabaseSettings) -> AsyncGenerator[Connection]:
    """A connection that sees the database as it is when the block begins."""
    async with long_connection(settings) as connection, connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        await connection.execute("select from aiops.migration")
        yield connection


async def names(connection: Connection) -> list[str]:
    """The tables of the schema `aiops`."""
    return [row[0] for row in await _all(connection, _TABLES)]


async def migrations(connection: Connection) -> list[str]:
    """Which numbered .sql files have made them."""
    return [row[0] for row in await _all(connection, "select name from aiops.migration order by 1")]


async def key_ids(connection: Connection) -> list[str]:
    """Which keys of the vault the envelopes are sealed with."""
    return sorted(
        row[0] for row in await _all(connection, "select distinct key_id from aiops.secret")
    )


async def save(connection: Connection, table: str, file: PartFile, run_token: str) -> TablePart:
    """Write a table's rows to a file. The token of the run is not among them: it ends with it."""
    place = f"aiops.{table}"
    columns = [row[0] for row in await _all(connection, COLUMNS, (place,))]
    partitions = [
        Partition(name, *_bounds(name, bound))
        for name, bound in await _all(connection, _PARTITIONS, (place,))
    ]
    but = sql.SQL("")
    if table == "token" and run_token:
        hashed = hashlib.sha256(run_token.encode()).digest()
        but = sql.SQL(" where hash <> {}").format(sql.Literal(hashed))
    chosen = sql.SQL("select {} from {}{}").format(_listed(columns), _place(table), but)
    statement = sql.SQL("copy ({}) to stdout (format binary)").format(chosen)
    async with connection.cursor() as cursor:
        async with cursor.copy(statement) as copy:
            async for data in copy:
                file.write(bytes(data))
        return TablePart(table, columns, cursor.rowcount, file.close(), partitions)


async def require_empty(connection: Connection) -> None:
    """BackupError if the database has anything of a hub but what set-up makes."""
    there = set(await names(connection))
    for table in [each for each in inventory.copied(inventory.TABLES) if each in there]:
        if table in _SEEDED:
            continue
        query = sql.SQL("select exists (select from {})").format(_place(table))
        if (await _all(connection, query))[0][0]:
            text = f"the database is not empty (table aiops.{table}): restore into a new one"
            raise BackupError(text)
    if await _all(connection, _FOLDED):
        text = "the database is not empty (projections of another log): restore into a new one"
        raise BackupError(text)


async def prepare(connection: Connection, manifest: Manifest) -> None:
    """The tables as they were when the backup was taken; an upgrade comes after the rows."""
    folder = files("services.runtime") / "sql"
    known = {each.name for each in folder.iterdir()}
    if unknown := sorted(set(manifest.migrations) - known):
        raise BackupError(
            f"the backup has tables of a newer version ({unknown[0]}), it was made by"
            f" {manifest.product}: restore it with that one"
        )
    if "migration" in await names(connection):
        if await migrations(connection) != sorted(manifest.migrations):
            raise BackupError("the database was set up by another version: restore into a new one")
        return
    async with connection.transaction():
        await connection.execute("create schema if not exists aiops")
        await connection.execute(
            "create table aiops.migration"
            " (name text primary key, applied_at timestamptz not null default now())"
        )
        for name in sorted(manifest.migrations):
            await connection.execute((folder / name).read_bytes())
            await connection.execute("insert into aiops.migration(name) values (%s)", (name,))


async def load(connection: Connection, folder: Path, manifest: Manifest, told: Told) -> None:
    """All rows of all tables, or none; none of a table that older programs have copied."""
    async with connection.transaction():
        for table in manifest.tables:
            decision = inventory.TABLES.get(table.name)
            if decision is None:
                raise BackupError(f"the backup has a table that is not known: {table.name!r}")
            if decision.fate is not inventory.Fate.COPIED:
                told(table.part.size)
                continue
            if table.name in _SEEDED:
                await connection.execute(sql.SQL("delete from {}").format(_place(table.name)))
            for partition in table.partitions:
                await _make_partition(connection, table.name, partition)
            await _load(connection, folder, table, told)
            await _go_on_counting(connection, table.name)


async def _load(connection: Connection, folder: Path, table: TablePart, told: Told) -> None:
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        _place(table.name), _listed(table.columns)
    )
    async with connection.cursor() as cursor:
        with (folder / table.part.file).open("rb") as file:
            async with cursor.copy(statement) as copy:
                while data := file.read(_CHUNK):
                    await copy.write(data)
                    told(len(data))
        if cursor.rowcount != table.rows:
            text = f"aiops.{table.name} has {cursor.rowcount:,} rows and not {table.rows:,}"
            raise BackupError(text)


async def _make_partition(connection: Connection, table: str, partition: Partition) -> None:
    part, parent = _place(partition.name), _place(table)
    await connection.execute(
        sql.SQL("create table {} (like {} including all)").format(part, parent)
    )
    await connection.execute(
        sql.SQL("alter table {} attach partition {} for values from ({}) to ({})").format(
            parent, part, sql.Literal(partition.since), sql.Literal(partition.until)
        )
    )


async def _go_on_counting(connection: Connection, table: str) -> None:
    """New rows get numbers that no old one has."""
    for (column,) in await _all(connection, _IDENTITIES, (f"aiops.{table}",)):
        statement = sql.SQL(
            "select setval(pg_get_serial_sequence({}, {}), coalesce(max({}), 0) + 1, false) from {}"
        ).format(
            sql.Literal(f"aiops.{table}"),
            sql.Literal(column),
            sql.Identifier(column),
            _place(table),
        )
        await connection.execute(statement)


def _bounds(name: str, bound: str) -> tuple[str, str]:
    match = _BOUNDS.match(bound)
    if match is None:
        raise BackupError(f"aiops.{name} is a partition of a kind that is not known: {bound}")
    return match[1], match[2]


def _place(table: str) -> sql.Identifier:
    return sql.Identifier("aiops", table)


def _listed(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


async def _all(connection: Connection, query: Any, parameters: Any = None) -> list[Any]:
    return await (await connection.execute(query, parameters)).fetchall()
