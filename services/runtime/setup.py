"""Run once before the parts: streams and durable tables, made or upgraded in place."""

from services.runtime import database, streams
from services.runtime.bus import connect
from services.runtime.logging import logger
from services.runtime.settings import Settings


async def run(settings: Settings) -> None:
    """Everything that the parts expect to find is there."""
    # A site has no database.
    applied = [] if settings.edge.worker else await database.migrate(settings.database)
    bus = await connect(settings.nats, "aiops-setup")
    try:
        await streams.ensure(bus, settings)
    finally:
        await bus.close()
    logger("setup").info("ready", migrations=applied)
