"""Runs projections against real servers, and reads everything that they have written."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from services.runtime.bus import Bus
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.projection import Projection
from services.runtime.settings import Settings
from tests.kit.runtime import eventually, running

Dump = dict[str, list[tuple[Any, ...]]]


@asynccontextmanager
async def hosting(
    bus: Bus, settings: Settings, *projections: Projection
) -> AsyncGenerator[dict[str, ProjectionHost]]:
    """Run projections for the time of a block; hosts by name."""
    hosts = {each.name: ProjectionHost(each, bus, settings.database) for each in projections}

    async def _all(stopping: asyncio.Event) -> None:
        await asyncio.gather(*(host.run(stopping) for host in hosts.values()))

    async with running(_all):
        yield hosts


async def reached(settings: Settings, projection: Projection, sequence: int) -> None:
    """Wait until a projection's live build has folded everything of its own up to a sequence."""

    async def _there() -> bool:
        return position(settings, projection.name) >= sequence

    await eventually(_there)


def position(settings: Settings, name: str) -> int:
    """How far a live build is; -1 if there is none."""
    rows = ask(
        settings,
        f"select sequence from aiops.projection where name = '{name}' and slot = 'live'",
    )
    return rows[0][0] if rows else -1


def ask(settings: Settings, sql: str) -> Sequence[tuple[Any, ...]]:
    """Rows of a statement."""
    url = settings.database.url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def dump(settings: Settings, projection: Projection) -> Dump:
    """Every row of every table of a live build, in a fixed order."""
    tables = ask(
        settings,
        f"select table_name from information_schema.tables where table_schema = '{projection.name}'"
        " order by 1",
    )
    return {
        name: sorted(ask(settings, f"select t::text from {projection.name}.{name} t"))
        for (name,) in tables
    }
