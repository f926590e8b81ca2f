"""A follower in a process of its own: ``python -m tests.runtime.followers.program URL``."""

import asyncio
import sys

from services.runtime import bus as buses
from services.runtime.settings import NatsSettings, Settings
from tests.runtime.followers.kit import QUICK, Makers, host, log_on


async def _follow(url: str) -> None:
    settings = Settings(nats=NatsSettings(url=url))
    bus = await buses.connect(settings.nats, "test-follower")
    await host(log_on(bus, settings), settings, Makers(), QUICK).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(_follow(sys.argv[1]))
