"""Tables of projections as they stand at a moment before the log is copied, for a restore to load.

The log is the record, and they can be rebuilt from it. To load their rows is many times faster than
to fold the events again that made them.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from deploy.backup import tables
from deploy.backup.errors import BackupError
from deploy.backup.folder import Folder
from deploy.backup.manifest import ProjectionPart, RowsPart
from deploy.backup.packed import Packer
from deploy.backup.progress import Advance
from deploy.platform import PROJECTIONS, load_projections
from services.runtime.database import Connection
from services.runtime.projections import catalog
from services.runtime.projections.catalog import Standing
from services.runtime.projections.projection import Projection
from services.runtime.settings import DatabaseSettings

_KINDS = """
select c.relname, c.relkind::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s and c.relkind in ('r', 'p', 'm', 'f', 'S') order by 1
"""
_TABLE = "r"
_GONE = (errors.UndefinedTable, errors.InvalidSchemaName, errors.LockNotAvailable)


@dataclass(frozen=True, slots=True)
class Carried:
    """A projection that is in the backup, and its tables."""

    projection: Projection
    standing: Standing
    tables: list[str]


@dataclass(frozen=True, slots=True)
class Moment:
    """What there is to be copied, for as long as the moment is kept."""

    database: DatabaseSettings
    snapshot: str
    """By which PostgreSQL knows it: any number of transactions may see it."""
    carried: list[Carried]

    def save(
        self, folder: Folder, advance: Advance, is_ended: Callable[[], bool]
    ) -> list[ProjectionPart]:
        """Write all tables, or as far as it comes; to be called in a thread of its own.

        A row is a message of the server's: to wait for each in an event loop takes four times as
        much of the processor.
        """
        url = self.database.url.get_secret_value()
        with psycopg.connect(url, application_name="aiops-backup") as connection:
            connection.execute("set statement_timeout = 0")
            connection.commit()
            connection.execute("set transaction isolation level repeatable read, read only")
            snapshot = sql.Literal(self.snapshot)
            connection.execute(sql.SQL("set transaction snapshot {}").format(snapshot))
            saving = _Saving(connection, folder, is_ended)
            saved: list[ProjectionPart] = []
            for each in self.carried:
                saved.append(saving.save(each))
                advance(1)
            return saved


@asynccontextmanager
async def moment(settings: DatabaseSettings) -> AsyncGenerator[Moment]:
    """The projections as they are when the block begins, whose log is to be copied in it.

    Nobody may put other tables in their place meanwhile: PostgreSQL tells which tables there are as
    of now, whatever moment the rows are of. So they are locked before the moment is chosen; a
    rebuild that is through waits with its switch.
    """
    async with tables.long_connection(settings) as connection:
        projections = list(load_projections(PROJECTIONS))
        there = {each.name: await _tables(connection, each.name) for each in projections}
        async with connection.transaction():
            await connection.execute("set transaction isolation level repeatable read, read only")
            await connection.execute("set local lock_timeout = '2s'")
            locked = [each for each in projections if await _locked(connection, there, each.name)]
            snapshot = await _snapshot(connection)
            found = [await _carried(connection, each, there[each.name]) for each in locked]
            yield Moment(settings, snapshot, [each for each in found if each is not None])


async def _snapshot(connection: Connection) -> str:
    row = await (await connection.execute("select pg_export_snapshot()")).fetchone()
    return row[0] if row else ""


async def _tables(connection: Connection, schema: str) -> list[str]:
    """None that can be copied if there is anything in it of another kind."""
    found = await (await connection.execute(_KINDS, (schema,))).fetchall()
    return [name for name, _ in found] if {kind for _, kind in found} == {_TABLE} else []


async def _locked(connection: Connection, there: dict[str, list[str]], schema: str) -> bool:
    if not there[schema]:
        return False
    listed = sql.SQL(", ").join(sql.Identifier(schema, table) for table in there[schema])
    try:
        async with connection.transaction():
            await connection.execute(sql.SQL("lock table {} in access share mode").format(listed))
    except _GONE:
        return False
    return True


async def _carried(
    connection: Connection, projection: Projection, locked: list[str]
) -> Carried | None:
    """None for what has to be rebuilt."""
    where = await catalog.standing(connection, projection.name)
    if where is None or where.version != projection.version:
        return None
    if await _tables(connection, projection.name) != locked:
        return None
    return Carried(projection, where, locked)


@dataclass(frozen=True, slots=True)
class _Saving:
    connection: psycopg.Connection
    folder: Folder
    is_ended: Callable[[], bool]

    def save(self, carried: Carried) -> ProjectionPart:
        projection, where = carried.projection, carried.standing
        saved = [self._table(projection.name, table) for table in carried.tables]
        which = projection.name, projection.version, projection.digest
        return ProjectionPart(*which, where.positions, where.measured, saved)

    def _table(self, schema: str, table: str) -> RowsPart:
        name = f'"{schema}"."{table}"'
        columns = [row[0] for row in self.connection.execute(tables.COLUMNS, (name,))]
        statement = sql.SQL("copy {} ({}) to stdout (format binary)").format(
            sql.Identifier(schema, table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with self.folder.part(f"projection-{schema}.{table}") as file:
            packer = Packer(file)
            with self.connection.cursor() as cursor:
                with cursor.copy(statement) as copy:
                    for data in copy:
                        if self.is_ended():
                            raise BackupError("it was given up")
                        packer.write(bytes(data))
                part = packer.close()
                return RowsPart(table, columns, cursor.rowcount, packer.size, part)
