"""PostgreSQL: connections, the pool, and the numbered .sql files of the durable tables."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from types import TracebackType
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from contracts.refusals import TryLater
from services.runtime.settings import DatabaseSettings
from services.runtime.tracing import Tracing

Connection = AsyncConnection[tuple[Any, ...]]
_Cursor = AsyncCursor[tuple[Any, ...]]
T = TypeVar("T")

_MIGRATION_LOCK = 4_201_001
_CONNECT_TIMEOUT = 3
_IDLE, _AGAIN, _TRIES = 10, 5, 3
"""A host that is silent for so many seconds is asked whether it is still there, and again."""
_SERVER_ASKS = (
    f"-c tcp_keepalives_idle={_IDLE} -c tcp_keepalives_interval={_AGAIN}"
    f" -c tcp_keepalives_count={_TRIES}"
)


class DatabaseUnavailable(TryLater):
    """PostgreSQL did not answer in time."""


def configure_json() -> None:
    """JSON columns go through msgspec."""
    set_json_dumps(msgspec.json.encode)
    set_json_loads(msgspec.json.decode)


configure_json()


async def connect(settings: DatabaseSettings, name: str, *, durable: bool = True) -> Connection:
    """A connection of one's own, in autocommit; DatabaseUnavailable if there is none to be had.

    With ``durable=False`` a commit does not wait for the disk: for rows that are written together
    with the position that they stand for, and are folded again if a crash takes both back.

    Either side hears within half a minute that the other one's host has gone: its locks are free
    then, which by the system's own settings takes two hours.
    """
    try:
        return await AsyncConnection.connect(
            settings.url.get_secret_value(),
            autocommit=True,
            connect_timeout=_CONNECT_TIMEOUT,
            application_name=f"aiops-{name}",
            options=f"-c statement_timeout={int(settings.timeout * 1000)} -c timezone=UTC"
            f" -c synchronous_commit={'on' if durable else 'off'} {_SERVER_ASKS}",
            keepalives_idle=_IDLE,
            keepalives_interval=_AGAIN,
            keepalives_count=_TRIES,
            tcp_user_timeout=(_IDLE + _AGAIN * _TRIES) * 1000,
        )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable("cannot connect to PostgreSQL") from error


class NotBuilt(DatabaseUnavailable):
    """A projection's tables are not there yet."""


class Database:
    """The pool that a process reads and writes small things through."""

    def __init__(
        self, settings: DatabaseSettings, name: str, tracing: Tracing | None = None
    ) -> None:
        self._tracing = tracing or Tracing(name, None)
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            settings.url.get_secret_value(),
            min_size=1,
            max_size=settings.pool_size,
            timeout=min(2.0, settings.timeout),
            max_waiting=settings.pool_size * 50,
            open=False,
            reconnect_timeout=1.0,
            check=None,
            kwargs={
                "autocommit": True,
                "connect_timeout": _CONNECT_TIMEOUT,
                "application_name": f"aiops-{name}",
                "options": f"-c statement_timeout={int(settings.timeout * 1000)} -c timezone=UTC",
            },
        )

    async def open(self) -> None:
        """Begin to connect; does not wait for it."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=2)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """A connection from the pool; DatabaseUnavailable when the database is away or slow."""
        with _Told():
            async with self._pool.connection() as connection:
                yield connection

    async def fetch_one(self, sql: str, parameters: Any = None) -> tuple[Any, ...] | None:
        """The first row of a read."""
        return await self._read(sql, parameters, lambda cursor: cursor.fetchone())

    async def fetch_all(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """All rows of a read."""
        return await self._read(sql, parameters, lambda cursor: cursor.fetchall())

    async def execute(self, sql: str, parameters: Any = None) -> int:
        """Run a statement that writes; gives the number of rows."""
        async with self.connection() as connection:
            return (await connection.execute(sql.encode(), parameters)).rowcount

    async def _read(self, sql: str, parameters: Any, fetch: Callable[[_Cursor], Awaitable[T]]) -> T:
        """A read may be asked again: a restarted server leaves dead connections in the pool."""
        try:
            return await self._ask(sql, parameters, fetch)
        except DatabaseUnavailable as error:
            if not _hung_up(error.__cause__):
                raise
        await self._pool.check()
        return await self._ask(sql, parameters, fetch)

    async def _ask(self, sql: str, parameters: Any, fetch: Callable[[_Cursor], Awaitable[T]]) -> T:
        with _Told(), self._tracing.statement(sql):
            async with self._pool.connection() as connection:
                return await fetch(await connection.execute(sql.encode(), parameters))


class _Told:
    """Says what an error of PostgreSQL means to us. A class, as every read passes through it."""

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if isinstance(error, PoolTimeout | psycopg.OperationalError):
            raise DatabaseUnavailable("PostgreSQL did not answer in time") from error
        if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
            raise NotBuilt("a projection is not built yet") from error


def _hung_up(cause: BaseException | None) -> bool:
    """True if the server has ended the connection, not if it was slow or none was to be had."""
    return isinstance(cause, psycopg.OperationalError) and not isinstance(
        cause, psycopg.errors.QueryCanceled | PoolTimeout | TooManyRequests
    )


async def migrate(settings: DatabaseSettings) -> list[str]:
    """Apply the numbered .sql files that this database has not seen, under a lock."""
    connection = await connect(settings, "setup")
    applied: list[str] = []
    async with connection:
        await connection.execute("select pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        await connection.execute("create schema if not exists aiops")
        await connection.execute(
            "create table if not exists aiops.migration"
            " (name text primary key, applied_at timestamptz not null default now())"
        )
        rows = await (await connection.execute("select name from aiops.migration")).fetchall()
        seen = {row[0] for row in rows}
        for name, statements in _migrations().items():
            if name not in seen:
                async with connection.transaction():
                    await connection.execute(statements)
                    await connection.execute(
                        "insert into aiops.migration(name) values (%s)", (name,)
                    )
                applied.append(name)
    return applied


async def unapplied(settings: DatabaseSettings, name: str) -> list[str]:
    """Which of them this database has not seen yet; ``name`` is whose connection asks."""
    connection = await connect(settings, name)
    async with connection:
        row = await (await connection.execute("select to_regclass('aiops.migration')")).fetchone()
        if row is None or row[0] is None:
            return [*_migrations()]
        rows = await (await connection.execute("select name from aiops.migration")).fetchall()
    return sorted(_migrations().keys() - {row[0] for row in rows})


def _migrations() -> dict[str, bytes]:
    """The statements of each file, in their order."""
    folder = files("services.runtime") / "sql"
    found = (file for file in folder.iterdir() if file.name.endswith(".sql"))
    return {file.name: file.read_bytes() for file in sorted(found, key=lambda file: file.name)}
