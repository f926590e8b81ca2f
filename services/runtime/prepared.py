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

_WITHIN, _PAUSE, _LONGEST = 120.0, 0.05, 1.0
"""Seconds; pauses grow, as set-up may have much to do. Whoever waits for longer than the first goes
on, and says itself what it lacks."""


async def until_prepared(name: str, settings: Settings, clock: Clock) -> None:
    """Return when streams and tables are there, or cannot be asked for."""
    bus = await connect(settings.nats, f"aiops-{name}-beginning")
    try:
        deadline, pause = clock.monotonic() + _WITHIN, _PAUSE
        while lacking := await _lacking(name, bus, settings):
            if pause == _PAUSE:
                logger("process").info("waits_for_set_up", lacking=lacking)
            if clock.monotonic() > deadline:
                advice = "run aiops run setup of this version once, against the same servers"
                logger("process").warning("not_set_up", lacking=lacking, advice=advice)
                return
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST)
    finally:
        await bus.close()


async def _lacking(name: str, bus: Bus, settings: Settings) -> str:
    """What is not there yet, empty if all is."""
    try:
        for wanted in streams.definitions(settings):
            if wanted["storage"] == "memory":
                continue  # Gone when the server starts anew; who keeps something there copes.
            if not await _is_there(bus, wanted):
                return wanted["name"]
        missing = [] if settings.edge.worker else await database.unapplied(settings.database, name)
    except (BusUnavailable, DatabaseUnavailable, psycopg.Error):
        return ""  # Who needs it waits for it.
    return missing[0] if missing else ""


async def _is_there(bus: Bus, wanted: Mapping[str, Any]) -> bool:
    """True of a newer version's stream too, which may have more subjects and allow more."""
    try:
        found = await bus.api(f"STREAM.INFO.{wanted['name']}")
    except JetStreamRefused:
        return False
    config = found["config"]
    allowed = all(config.get(name) for name, value in wanted.items() if value is True)
    return allowed and set(wanted.get("subjects", ())) <= set(config.get("subjects", ()))
