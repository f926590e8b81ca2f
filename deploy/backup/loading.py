"""Loads the tables of projections that a backup carries, several projections side by side.

A projection is loaded in one transaction, position and all: it is there whole or not at all.
PostgreSQL writes no log of tables that the same transaction has made, where it is set up to
(`wal_level = minimal`), and rows of such tables can be frozen at once, so nobody has to look at
them again.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from deploy.backup import tables
from deploy.backup.errors import BackupError
from deploy.backup.manifest import Manifest, ProjectionPart, RowsPart
from deploy.backup.packed import unpacked
from deploy.backup.progress import Advance
from deploy.platform import PROJECTIONS, load_projections
from services.runtime.database import Connection
from services.runtime.projections import catalog
from services.runtime.projections.catalog import Standing
from services.runtime.projections.projection import Projection
from services.runtime.settings import Settings
from services.runtime.streams import TELEMETRY

_INDEXES = """
select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname,
    pg_get_constraintdef(c.oid)
from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid
where i.indrelid = %s::regclass order by 1
"""
_END = b""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A projection whose rows are in the backup as this program would have made them."""

    projection: Projection
    part: ProjectionPart
    standing: Standing


def fitting(manifest: Manifest, settings: Settings) -> list[Fitting]:
    """What can be loaded; whatever is not among it is to be rebuilt from the log."""
    known = {each.name: each for each in load_projections(PROJECTIONS)}
    measured = any(each.name == TELEMETRY for each in manifest.streams)
    return [
        Fitting(
            known[part.name],
            part,
            Standing(part.version, part.positions, part.measured if measured else None),
        )
        for part in manifest.projections
        if part.name in known and _fits(known[part.name], part, manifest, settings)
    ]


def _fits(
    projection: Projection, part: ProjectionPart, manifest: Manifest, settings: Settings
) -> bool:
    writers = settings.projections.partitions.get(projection.name, 1)
    return (
        (part.version, part.digest) == (projection.version, projection.digest)
        and len(part.positions) == writers
        and max(part.positions) <= manifest.sequence
    )


async def load(
    settings: Settings, folder: Path, wanted: Sequence[Fitting], advance: Advance
) -> None:
    """Load these, the largest first; BackupError if one cannot be."""
    left = sorted(wanted, key=lambda each: each.part.size)
    async with asyncio.TaskGroup() as group:
        for _ in range(min(len(left), len(os.sched_getaffinity(0)))):
            group.create_task(_load_each(settings, folder, left, advance))


async def _load_each(
    settings: Settings, folder: Path, left: list[Fitting], advance: Advance
) -> None:
    async with tables.long_connection(settings.database) as connection:
        while left:
            each = left.pop()
            try:
                await _load(connection, folder, each, advance)
            except psycopg.DatabaseError as error:
                reason = str(error).partition("\n")[0]
                text = f"the tables of {each.projection.name} cannot be loaded ({reason})"
                raise BackupError(f"{text}: restore with --rebuild") from None


async def _load(connection: Connection, folder: Path, wanted: Fitting, advance: Advance) -> None:
    schema, writers = wanted.projection.name, len(wanted.standing.positions)
    async with connection.transaction():
        await catalog.create(connection, wanted.projection, "live", writers)
        await catalog.stand(connection, wanted.projection, wanted.standing)
        for part in wanted.part.tables:
            await _fill(connection, folder, schema, part, advance)


async def _fill(
    connection: Connection, folder: Path, schema: str, part: RowsPart, advance: Advance
) -> None:
    """Rows as they were: what triggers made of them is in the other tables, and comes as rows.

    Indexes are made when the rows are there, each by one sort.
    """
    place = sql.Identifier(schema, part.table)
    table = sql.SQL("alter table {} ").format(place)
    await connection.execute(table + sql.SQL("disable trigger user"))
    indexes = await _without_indexes(connection, schema, part.table)
    await _copy(connection, folder / part.part.file, place, part, advance)
    for statement in indexes:
        await connection.execute(statement)
    await connection.execute(table + sql.SQL("enable trigger user"))
    await connection.execute(sql.SQL("analyze {}").format(place))


async def _without_indexes(connection: Connection, schema: str, table: str) -> list[sql.Composed]:
    """Drop all of a table's; the statements that make them again."""
    place = sql.Identifier(schema, table)
    cursor = await connection.execute(_INDEXES, (place.as_string(),))
    again: list[sql.Composed] = []
    for index, definition, constraint, rule in await cursor.fetchall():
        again.append(await _dropped(connection, place, (index, definition), (constraint, rule)))
    return again


async def _dropped(
    connection: Connection, place: sql.Identifier, index: tuple[Any, Any], constraint: Any
) -> sql.Composed:
    (name, definition), (rule_name, rule) = index, constraint
    if rule_name is None:
        await connection.execute(f"drop index {name}".encode())
        return sql.SQL("{}").format(sql.SQL(definition))
    named = sql.Identifier(rule_name)
    await connection.execute(sql.SQL("alter table {} drop constraint {}").format(place, named))
    return sql.SQL("alter table {} add constraint {} {}").format(place, named, sql.SQL(rule))


async def _copy(
    connection: Connection, path: Path, place: sql.Identifier, part: RowsPart, advance: Advance
) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, part.columns))
    statement = sql.SQL("copy {} ({}) from stdin (format binary, freeze)").format(place, columns)
    pieces = unpacked(path)
    async with connection.cursor() as cursor:
        async with cursor.copy(statement) as copy:
            while data := await asyncio.to_thread(next, pieces, _END):
                await copy.write(data)
                advance(len(data))
        if cursor.rowcount != part.rows:
            name = place.as_string()
            raise BackupError(f"{name} has {cursor.rowcount:,} rows and not {part.rows:,}")
