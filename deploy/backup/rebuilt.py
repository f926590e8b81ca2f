"""Has the projections of a restored hub folded, several at a time, and sees that they have all."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from signal import SIGTERM

from deploy.backup import tables
from deploy.backup.errors import BackupError
from deploy.backup.manifest import Manifest
from deploy.backup.progress import Advance, Bars
from deploy.local.child import ended, halt, last_lines, spawn
from deploy.local.nats_users import PROJECTOR
from deploy.local.parts import PartCommand, Wiring
from deploy.platform import PROJECTIONS
from services.runtime.settings import Settings

_GLANCE = 0.5
_HEAVY = ("alerts", "activity", "incidents", "anomalies", "fleet", "rca")
"""Those that have most to do, in that order, so that it is shared out evenly."""
_DONE = "select coalesce(sum(sequence), 0) from aiops.projection where slot = 'live'"
_STATE = """
select p.name, p.sequence, count(e.name) from aiops.projection p
left join aiops.projection_error e using (name)
where p.slot = 'live' group by 1, 2 order by 1
"""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A projection that has folded the whole log."""

    name: str
    sequence: int
    set_aside: int
    """Events that it could not fold."""


async def rebuild(wiring: Wiring, manifest: Manifest, bars: Bars) -> list[Rebuilt]:
    """All projections have all of the log; BackupError if one of them came to a stand."""
    with bars.step("Projections", len(PROJECTIONS) * manifest.sequence) as advance:
        watching = asyncio.create_task(_watch(wiring.settings, advance))
        try:
            async with asyncio.TaskGroup() as group:
                for number, names in enumerate(shares(len(os.sched_getaffinity(0)))):
                    group.create_task(_fold(wiring, number, names))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    return await _found(wiring.settings)


def shares(count: int) -> list[list[str]]:
    """All projections, for so many processes: there and back, so that nobody has all the heavy."""
    count = min(count, len(PROJECTIONS))
    found: list[list[str]] = [[] for _ in range(count)]
    for at, name in enumerate([*_HEAVY, *(each for each in PROJECTIONS if each not in _HEAVY)]):
        turn, place = divmod(at, count)
        found[place if turn % 2 == 0 else count - 1 - place].append(name)
    return found


async def _fold(wiring: Wiring, number: int, names: list[str]) -> None:
    argv = (sys.executable, "-m", "deploy.backup.rebuilding", *names)
    program = wiring.program(PartCommand(PROJECTOR, argv))
    program = replace(program, log=program.log.with_name(f"rebuild-{number}.log"))
    process = spawn(program)
    try:
        if await ended(process):
            raise BackupError(f"not all projections were rebuilt: {last_lines(program.log, 1)}")
    finally:
        await _halted(process)


async def _halted(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        await halt(process, SIGTERM, 5.0)


async def _watch(settings: Settings, advance: Advance) -> None:
    """Tell how far they are."""
    told = 0
    async with tables.long_connection(settings.database) as connection:
        while True:
            cursor = await connection.execute(_DONE)
            row = await cursor.fetchone()
            done = int(row[0]) if row else 0
            advance(done - told)
            told = done
            await asyncio.sleep(_GLANCE)


async def _found(settings: Settings) -> list[Rebuilt]:
    async with tables.long_connection(settings.database) as connection:
        cursor = await connection.execute(_STATE)
        return [Rebuilt(*row) for row in await cursor.fetchall()]
