"""A part beside set-up: it is loaded by the time it waits, and can be ended while it does."""

import subprocess
import sys

import pytest

from deploy.platform import PARTS, PROJECTIONS, SERVICES, part
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.settings import Settings
from tests.kit.part_process import PartProcess
from tests.kit.runtime import until
from tests.kit.tree import ROOT

_TOLD = """
import asyncio, sys
from deploy import run
from services.runtime import prepared
async def told(name, settings, clock):
    print(*sys.modules)
    raise asyncio.CancelledError
prepared.until_prepared = told
sys.exit(run.run_part(sys.argv[1]))
"""
_WAITING = [each.name for each in PARTS if each.name != "setup"]


@pytest.mark.parametrize("name", _WAITING)
def test_a_part_is_loaded_by_the_time_it_waits(name: str) -> None:
    command = [sys.executable, "-c", _TOLD, name]
    ran = subprocess.run(
        command, cwd=ROOT, env={}, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    which, loaded = part(name), set(ran.stdout.split())
    needed = {SERVICES[each] for each in which.services}
    needed |= {PROJECTIONS[each] for each in which.projections}
    needed = {each.partition(":")[0] for each in needed} | {"services.runtime.process"}
    assert needed <= loaded


def test_a_part_takes_as_many_files_as_it_may() -> None:
    told = _TOLD.replace("*sys.modules", "resource.getrlimit(resource.RLIMIT_NOFILE)[0]")
    limited = 'ulimit -Sn 256 && ulimit -Hn && exec "$0" -c "$1" workers'
    ran = subprocess.run(
        ["/bin/sh", "-c", limited, sys.executable, f"import resource\n{told}"],
        cwd=ROOT, env={}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    most, taken = ran.stdout.split()
    assert most == taken != "256"


@pytest.mark.anyio
@pytest.mark.nats
@pytest.mark.postgres
async def test_a_part_that_waits_for_set_up_can_be_ended(bus: Bus, settings: Settings) -> None:
    await streams.ensure(bus, settings)
    last = streams.definitions(settings)[0]["name"]
    await bus.api(f"STREAM.DELETE.{last}")
    asked = list[str]()
    await bus.hear(f"$JS.API.STREAM.INFO.{last}", lambda subject, _: asked.append(subject))
    workers = PartProcess(settings, "waiting", {}, part="workers")
    try:
        await until(lambda: len(asked) > 1)
        workers.process.terminate()
        await until(lambda: workers.process.poll() is not None, within=10)
        assert workers.process.returncode == 0
    finally:
        workers.stop()
