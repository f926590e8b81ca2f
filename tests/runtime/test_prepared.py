"""Who is started beside set-up waits for what set-up makes."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import psycopg
import pytest
from pydantic import SecretStr

from services.runtime import database, prepared, streams
from services.runtime.bus import Bus
from services.runtime.prepared import until_prepared
from services.runtime.settings import DatabaseSettings, Settings
from tests.kit import builders

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@dataclass
class _Clock:
    """Each look at it is a second later."""

    seconds: float = 0.0
    step: float = 0.0

    def now(self) -> datetime:
        return builders.at(self.seconds)

    def monotonic(self) -> float:
        self.seconds += self.step
        return self.seconds


def _last(settings: Settings) -> str:
    """The last stream that a server keeps."""
    kept = [one["name"] for one in streams.definitions(settings) if one["storage"] == "file"]
    return kept[-1]


async def _is_waiting(task: "asyncio.Task[None]") -> bool:
    done, _ = await asyncio.wait({task}, timeout=0.3)
    return not done


async def test_where_all_is_there_nobody_waits(bus: Bus, settings: Settings) -> None:
    await streams.ensure(bus, settings)
    async with asyncio.timeout(5):
        await until_prepared("workers", settings, _Clock())


async def test_a_part_waits_for_the_last_stream(bus: Bus, settings: Settings) -> None:
    await streams.ensure(bus, settings)
    last = _last(settings)
    await bus.api(f"STREAM.DELETE.{last}")
    waiting = asyncio.create_task(until_prepared("workers", settings, _Clock()))
    assert await _is_waiting(waiting)
    await streams.ensure(bus, settings)
    async with asyncio.timeout(5):
        await waiting


async def test_nobody_waits_for_what_a_server_forgets(bus: Bus, settings: Settings) -> None:
    """A cache that is gone after the server's restart comes back only with the next set-up."""
    await streams.ensure(bus, settings)
    forgotten = [one for one in streams.definitions(settings) if one["storage"] == "memory"]
    assert forgotten
    for one in forgotten:
        await bus.api(f"STREAM.DELETE.{one['name']}")
    async with asyncio.timeout(5):
        await until_prepared("workers", settings, _Clock())


async def test_a_part_waits_for_the_subjects_that_its_version_needs(
    bus: Bus, settings: Settings
) -> None:
    await streams.ensure(bus, settings)
    wanted = next(one for one in streams.definitions(settings) if len(one.get("subjects", ())) > 1)
    before = wanted | {"subjects": wanted["subjects"][:1]}
    await bus.api(f"STREAM.UPDATE.{wanted['name']}", before)
    waiting = asyncio.create_task(until_prepared("workers", settings, _Clock()))
    assert await _is_waiting(waiting)
    await streams.ensure(bus, settings)
    async with asyncio.timeout(5):
        await waiting


async def test_a_stream_of_a_newer_version_will_do(bus: Bus, settings: Settings) -> None:
    await streams.ensure(bus, settings)
    ours = streams.definitions(settings)[0]
    newer = ours | {"subjects": [*ours["subjects"], "of.a.newer.version"]}
    await bus.api(f"STREAM.UPDATE.{ours['name']}", newer)
    async with asyncio.timeout(5):
        await until_prepared("workers", settings, _Clock())


async def test_a_part_waits_for_the_tables(bus: Bus, settings: Settings) -> None:
    await streams.ensure(bus, settings)
    with psycopg.connect(settings.database.url.get_secret_value(), autocommit=True) as connection:
        connection.execute("alter table aiops.migration rename to not_yet")
        waiting = asyncio.create_task(until_prepared("workers", settings, _Clock()))
        assert await _is_waiting(waiting)
        connection.execute("alter table aiops.not_yet rename to migration")
    async with asyncio.timeout(5):
        await waiting


async def test_a_statement_file_that_was_not_applied_is_named(settings: Settings) -> None:
    assert await database.unapplied(settings.database, "test") == []
    with psycopg.connect(settings.database.url.get_secret_value(), autocommit=True) as connection:
        row = connection.execute(
            "delete from aiops.migration where name ="
            " (select max(name) from aiops.migration) returning name"
        ).fetchone()
    assert row is not None
    assert await database.unapplied(settings.database, "test") == [row[0]]


async def test_nobody_waits_for_a_database_that_is_away(bus: Bus, settings: Settings) -> None:
    """They serve what they can, and say that it is away."""
    await streams.ensure(bus, settings)
    away = DatabaseSettings(url=SecretStr("postgresql://nobody@127.0.0.1:1/nothing"))
    async with asyncio.timeout(5):
        await until_prepared("gateway", settings.model_copy(update={"database": away}), _Clock())


async def test_whoever_waits_for_long_goes_on(bus: Bus, settings: Settings) -> None:
    await streams.ensure(bus, settings)
    await bus.api(f"STREAM.DELETE.{_last(settings)}")
    clock = _Clock(step=prepared._WITHIN / 3)
    async with asyncio.timeout(5):
        await until_prepared("workers", settings, clock)
