"""A detector in a process of its own: ``python -m tests.services.anomalies.online.program URL``."""

import asyncio
import sys
from datetime import timedelta

from services.anomalies.online.detector import service
from services.runtime import bus as buses
from services.runtime.clock import SystemClock
from services.runtime.followers.host import FollowerHost
from services.runtime.followers.partition import Means, Rhythm
from services.runtime.log import EventLog
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.settings import NatsSettings, Settings
from services.runtime.settings_collecting import AnomalySettings
from tests.kit.runtime import UNTRACED

QUICK = Rhythm(act=0.05, snapshot=0.3, lease=1)


def host(log: EventLog, settings: Settings, rhythm: Rhythm = QUICK) -> FollowerHost:
    """One process's share in the detector, which tells from the start."""
    knowing = settings.model_copy(update={"anomalies": AnomalySettings(learning_seconds=0)})
    means = Means(log, knowing, UNTRACED, SystemClock(), NOTHING_OUTSIDE, rhythm)
    (follower,) = service.followers
    return FollowerHost(service.name, follower, means)


async def _detect(url: str) -> None:
    settings = Settings(nats=NatsSettings(url=url))
    bus = await buses.connect(settings.nats, "test-detector")
    await host(EventLog(bus, timedelta(hours=1)), settings).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(_detect(sys.argv[1]))
