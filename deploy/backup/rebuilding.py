"""Folds projections from the log until they have all of it, and ends: a process of `restoring`."""

import asyncio
import gc
import sys
from collections.abc import Sequence

import uvloop

from deploy.platform import load_projections, platform_settings
from services.runtime.bus import connect
from services.runtime.logging import configure, logger
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.partitioned import host_of

_GLANCE = 0.05
_STUCK = 120.0
"""Seconds without an event folded after which it is given up."""


async def rebuild(names: Sequence[str]) -> int:
    """Fold these; 1 if one of them came to a stand."""
    settings = platform_settings()
    configure(settings.telemetry, "rebuild")
    bus = await connect(settings.nats, "aiops-rebuild")
    hosts = [host_of(each, bus, settings) for each in load_projections(names)]
    stopping = asyncio.Event()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    tasks = [asyncio.ensure_future(each.run(stopping)) for each in hosts]
    try:
        return 0 if await _caught_up(hosts) else 1
    finally:
        stopping.set()
        await asyncio.gather(*tasks)
        await bus.close()


async def _caught_up(hosts: Sequence[ProjectionHost]) -> bool:
    loop = asyncio.get_running_loop()
    folded, moved = -1, loop.time()
    while not all(map(_has_all, hosts)):
        now = sum(runner.folded for host in hosts for runner in host.runners)
        if now != folded:
            folded, moved = now, loop.time()
        if loop.time() - moved > _STUCK:
            for host in hosts:
                reason = host.error or ""
                logger("rebuild").error("stuck", projection=host.projection.name, reason=reason)
            return False
        await asyncio.sleep(_GLANCE)
    return True


def _has_all(host: ProjectionHost) -> bool:
    runners = host.runners
    return bool(runners) and all(each.error is None and each.lag == 0 for each in runners)


if __name__ == "__main__":
    sys.exit(uvloop.run(rebuild(sys.argv[1:])))
