"""Telemetry refreshes the rows that events have made, once, also over restarts and rebuilds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest

from contracts.alerts import AlertRepeat, AlertRepeats
from projections.alerts.projector import projection
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.measures import MeasureRunner
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@asynccontextmanager
async def _running(bus: Bus, settings: Settings) -> AsyncGenerator[ProjectionHost]:
    host = ProjectionHost(projection, bus, settings.database)
    stopping = asyncio.Event()
    loops = [host.run, MeasureRunner(projection, bus, settings.database).run]
    tasks = [asyncio.create_task(loop(stopping)) for loop in loops]
    try:
        yield host
    finally:
        stopping.set()
        await asyncio.gather(*tasks)


async def _repeat(bus: Bus, count: int, seconds: int) -> None:
    alert = builders.fired().alert
    repeat = AlertRepeat(
        alert_id=alert.id,
        fingerprint=alert.fingerprint,
        count=count,
        last_seen_at=alert.first_seen_at + timedelta(seconds=seconds),
    )
    message = AlertRepeats(cluster_id=alert.cluster_id, repeats=(repeat,))
    subject = f"tel.alert_repeats.{alert.cluster_id}.-"
    await bus.publish(subject, message.model_dump_json().encode())


async def _until_row(settings: Settings, occurrences: int, seconds: int) -> None:
    seen = builders.fired().alert.first_seen_at + timedelta(seconds=seconds)
    row = None
    async with asyncio.timeout(10):
        while row != (occurrences, seen):
            row = _row(settings)
            await asyncio.sleep(0.02)


def _row(settings: Settings) -> tuple[object, ...] | None:
    try:
        with psycopg.connect(settings.database.url.get_secret_value()) as connection:
            return connection.execute(
                "select occurrences, last_seen_at from alerts.occurrence"
            ).fetchone()
    except psycopg.errors.UndefinedTable:
        return None


async def test_repeats_are_counted_once_over_a_restart_and_anew_by_a_rebuild(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    await log.append_each([(builders.fired(), NOTHING)], builders.context(), builders.at())
    async with _running(bus, settings):
        await _until_row(settings, 1, 0)
        await _repeat(bus, 2, 30)
        await _repeat(bus, 3, 20)
        await _until_row(settings, 6, 30)
    async with _running(bus, settings) as host:
        await _repeat(bus, 1, 60)
        await _until_row(settings, 7, 60)
        host.rebuild()
        await until(lambda: host.rebuilds)
        await _until_row(settings, 7, 60)
