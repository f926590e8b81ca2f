"""One process of `detector`: looks for anomalies in telemetry, or only reads and decodes it.

Told on its command line: which of the two, and the bus.
"""

import asyncio
import sys
from datetime import timedelta

import msgspec
import uvloop

from services.anomalies.online.detector import detector, service
from services.runtime import bus as buses, streams
from services.runtime.clock import SystemClock
from services.runtime.followers.host import FollowerHost
from services.runtime.followers.partition import Means
from services.runtime.log import EventLog
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.pull import Ordered, PullReader
from services.runtime.settings import NatsSettings, Settings
from services.runtime.settings_collecting import AnomalySettings
from tests.benchmarks.kit import calm_collector
from tests.kit.runtime import UNTRACED

OURS, RAW = "ours", "raw"
_SUBJECT = "tel.gpu.>"


async def _ours(url: str) -> None:
    settings = Settings(nats=NatsSettings(url=url), anomalies=AnomalySettings(learning_seconds=0))
    bus = await buses.connect(settings.nats, "benchmark")
    (follower,) = (each for each in service.followers if each.start is detector)
    log = EventLog(bus, timedelta(hours=1))
    means = Means(log, settings, UNTRACED, SystemClock(), NOTHING_OUTSIDE)
    await FollowerHost(service.name, follower, means).run(asyncio.Event())


async def _raw(url: str) -> None:
    bus = await buses.connect(NatsSettings(url=url), "benchmark")
    reader = PullReader(bus, Ordered(streams.TELEMETRY, (_SUBJECT,)), start=1, batch=1_000)
    while True:
        for each in await reader.take(500, wait=1.0):
            msgspec.json.decode(each.data)


def main() -> None:
    """Run until killed."""
    kind, url = sys.argv[1:]
    calm_collector()
    uvloop.run((_ours if kind == OURS else _raw)(url))


if __name__ == "__main__":
    main()
