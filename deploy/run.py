"""Runs one part of the platform in this process; imports only what that part needs."""

import asyncio
import gc
import resource
import sys
from collections.abc import Callable, Coroutine
from signal import SIGINT, SIGTERM
from typing import Any

import uvloop

from contracts.clusters import HUB
from deploy.platform import Part, load, load_projections, load_services, part, platform_settings
from services.runtime.edge import of_site
from services.runtime.logging import configure, logger
from services.runtime.settings import InvalidSettings, Settings

_MAINS = {"gateway": "gateway.process:run", "setup": "services.runtime.setup:run"}
_SETUP = "setup"
_FAILED, _WRONG_USE = 1, 2


async def _begin(
    settings: Settings, which: Part, main: Callable[[Settings], Coroutine[Any, Any, None]] | None
) -> None:
    """Run a part once set-up is over, which may go on beside it while it is loaded."""
    if which.name != _SETUP:
        if main is None:
            _load(which)
        if not await _is_prepared(settings, which):
            return
    await (_work(settings, which) if main is None else main(settings))


def _load(which: Part) -> None:
    """All modules of a part: what takes it longest."""
    load("services.runtime.process:start")
    # They are made one by one as they are asked for.
    list(load_services(which.services))
    list(load_projections(which.projections))


async def _is_prepared(settings: Settings, which: Part) -> bool:
    """Wait for set-up; False if the part was told to end meanwhile."""
    prepared = load("services.runtime.prepared:until_prepared")
    clock = load("services.runtime.clock:SystemClock")()
    waiting = asyncio.ensure_future(prepared(which.name, settings, clock))
    loop, signals = asyncio.get_running_loop(), (SIGTERM, SIGINT)
    for signal in signals:
        loop.add_signal_handler(signal, waiting.cancel)
    try:
        await asyncio.wait({waiting})
    finally:
        for signal in signals:
            loop.remove_signal_handler(signal)
    if not waiting.cancelled():
        waiting.result()
    return not waiting.cancelled()


async def _work(settings: Settings, which: Part) -> None:
    """A part that is nothing but services and projections."""
    process = load("services.runtime.process:start"), load("services.runtime.process:assemble")
    runtime = await process[0](which.name, settings)
    services = load_services(which.services if await may_act(which, runtime) else ())
    projections = load_projections(which.projections)
    loops = process[1](runtime, list(services), list(projections))
    _calm_collector()
    await load("services.runtime.process:run_until_stopped")(runtime, loops)


async def may_act(which: Part, runtime: Any) -> bool:
    """False for services in a copy of another hub's log. A site's log is never one."""
    if not which.services or runtime.settings.edge.worker:
        return True
    return await load("services.runtime.replay_loading:may_act")(runtime.bus)


def _calm_collector() -> None:
    """What was imported stays; look for cycles a hundred times less often than by default."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _take_files() -> None:
    """Ten thousand clients or connections to clusters need as many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run_part(name: str, site: str = "", *, edge: bool = False) -> int:
    """Run a part until it ends or is told to; the exit code."""
    try:
        which, settings = part(name), platform_settings(**({"site": site} if site else {}))
        if edge or settings.edge.worker:
            settings = _at_its_site(settings)
    except KeyError:
        sys.stderr.write(f"aiops run: there is no part {name}\n")
        return _WRONG_USE
    except InvalidSettings as error:
        sys.stderr.write(f"aiops run: {error}\n")
        return _WRONG_USE
    configure(settings.telemetry, name)
    _take_files()
    main: Callable[[Settings], Coroutine[Any, Any, None]] | None = None
    if name in _MAINS:
        main = load(_MAINS[name])
        _calm_collector()
    try:
        uvloop.run(_begin(settings, which, main))
    except Exception as error:  # noqa: BLE001 - the last place to say why a part ends
        logger("process").error("failed", exc_info=error)
        return _FAILED
    return 0


def _at_its_site(settings: Settings) -> Settings:
    if settings.site == HUB:
        raise InvalidSettings("AIOPS_SITE: a worker at a site needs its name (or --site)")
    return of_site(settings, settings.site)


if __name__ == "__main__":
    sys.exit(run_part(sys.argv[1]))
