"""Fixtures of all tests: real servers once a run, fresh streams and a fresh database each test."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import structlog
from psycopg import conninfo, sql
from pydantic import SecretStr

from services.runtime import bus as buses, database
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.kit import embedded
from tests.kit.servers import Server, bus_server, database_server, quick_directory
from tests.kit.streams import fresh_streams

# One plain line each: the default draws tracebacks with all locals, which holds the loop up for
# longer than the short waits of these tests.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["level", "area", "event"]),
    ]
)

embedded.power_may_fail = False

_TEMPLATE = "aiops_test_template"
_LONG = ("test_end_to_end.py", "test_schemathesis.py", "test_recorded_questions.py")
"""Files that take minutes, the longest first: begun last, one worker is left alone with each."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where workers share tests, files that take long come first, then those with many tests."""
    if hasattr(config, "workerinput"):
        tests = Counter(item.path for item in items)
        items.sort(key=lambda item: (_rank(item.path), -tests[item.path]))


def _rank(path: Path) -> int:
    return _LONG.index(path.name) if path.name in _LONG else len(_LONG)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A NATS server without users."""
    directory = tmp_path_factory.mktemp("nats")
    with quick_directory(directory) as quick, bus_server(quick) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A PostgreSQL server."""
    directory = tmp_path_factory.mktemp("postgres")
    with quick_directory(directory) as quick, database_server(quick) as server:
        yield server


@pytest.fixture(scope="session")
def _template(postgres_server: Server) -> str:
    """A database with our tables, which is copied for every test."""
    _recreate(postgres_server.url, _TEMPLATE, None)
    asyncio.run(database.migrate(_database(postgres_server.url, _TEMPLATE)))
    return _TEMPLATE


@pytest.fixture
def fresh_database(postgres_server: Server, _template: str) -> Generator[DatabaseSettings]:
    """A database of this test's own, with the durable tables and nothing in them."""
    name = f"t_{new_id().hex}"
    _recreate(postgres_server.url, name, _template)
    yield _database(postgres_server.url, name)
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(_statement("drop database {} with (force)", name))


@pytest.fixture
def bus_settings(nats_server: Server, tmp_path: Path) -> Settings:
    """Settings for a bus with fresh streams, and for no database."""
    settings = Settings(
        data_dir=tmp_path, nats=NatsSettings(url=nats_server.url, request_seconds=8)
    )
    asyncio.run(fresh_streams(settings))
    return settings


@pytest.fixture
def settings(bus_settings: Settings, fresh_database: DatabaseSettings) -> Settings:
    """Settings for a bus with fresh streams and for a fresh database."""
    return bus_settings.model_copy(update={"database": fresh_database})


@pytest.fixture
async def bus(bus_settings: Settings) -> AsyncGenerator[Bus]:
    """A connection to the bus."""
    connection = await buses.connect(bus_settings.nats, "test")
    yield connection
    await connection.close()


@pytest.fixture
def log(bus: Bus, bus_settings: Settings) -> EventLog:
    """The log on that connection."""
    age = timedelta(hours=bus_settings.retention.facts_hours)
    return EventLog(bus, age, bus_settings.nats.append_patience)


def _database(url: str, name: str) -> DatabaseSettings:
    return DatabaseSettings(url=SecretStr(conninfo.make_conninfo(url, dbname=name)), timeout=20)


def _recreate(url: str, name: str, template: str | None) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_statement("drop database if exists {} with (force)", name))
        if template is None:
            connection.execute(_statement("create database {}", name))
        else:
            connection.execute(
                _statement("create database {} template {} strategy file_copy", name, template)
            )


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))  # pyright: ignore[reportArgumentType]
