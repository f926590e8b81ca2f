"""Waits until set-up has made what the processes of the platform stand on.

They may be started beside it: all that takes them long, loading, is done by then.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg

from services.runtime import database, streams
from services.runtime.answers import BusUnavailable, JetStreamRefused
from services.runtime.bus import Bus, connect
from services.runtime.clock import Clock
from services.runtime.database import DatabaseUnavailable
from services.runtime.logging import logger
from services.runtime.settings import Settings

_WITHIN, _PAUSE = 120.0, 0.05
"""Seconds; whoever waits for longer goes on, and says itself what it lacks."""


async def until_prepared(name: str, settings: Settings, clock: Clock) -> None:
    """Return when streams and tables are there, or cannot be asked for."""
    bus = await connect(settings.nats, f"aiops-{name}-beginning")
    try:
        deadline = clock.monotonic() + _WITHIN
        while lacking := await _lacking(bus, settings):
            if clock.monotonic() > deadline:
                logger("process").warning("not_set_up", lacking=lacking)
                return
            await asyncio.sleep(_PAUSE)
    finally:
        await bus.close()


async def _lacking(bus: Bus, settings: Settings) -> str:
    """What is not there yet, empty if all is."""
    try:
        for wanted in streams.definitions(settings):
            if not await _is_there(bus, wanted):
                return wanted["name"]
        missing = [] if settings.edge.worker else await database.unapplied(settings.database)
    except (BusUnavailable, DatabaseUnavailable, psycopg.Error):
        return ""  # Who needs it waits for it.
    return missing[0] if missing else ""


async def _is_there(bus: Bus, wanted: Mapping[str, Any]) -> bool:
    """True of a newer version's stream too, which may have more subjects."""
    try:
        found = await bus.api(f"STREAM.INFO.{wanted['name']}")
    except JetStreamRefused:
        return False
    return set(wanted.get("subjects", ())) <= set(found["config"].get("subjects", ()))
