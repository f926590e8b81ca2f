"""Has the projections of a restored hub folded, several at a time, and sees that they have all."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Collection
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
_DONE = """
select coalesce(sum(sequence), 0) from aiops.projection where slot = 'live' and name = any(%s)
"""
_STATE = """
select p.name, p.sequence, count(e.name) from aiops.projection p
left join aiops.projection_error e using (name)
where p.slot = 'live' and p.name = any(%s) group by 1, 2 order by 1
"""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A projection that has folded the whole log."""

    name: str
    sequence: int
    set_aside: int
    """Events that it could not fold."""


async def rebuild(
    wiring: Wiring, manifest: Manifest, begun: Collection[str], bars: Bars
) -> list[Rebuilt]:
    """All projections have all of the log; BackupError if one of them came to a stand.

    ``begun``: those whose tables were loaded.
    """
    anew = [name for name in PROJECTIONS if name not in begun]
    # How much is left for the others, nobody knows: not every event is for every projection.
    total = len(anew) * manifest.sequence if anew else None
    processes = len(os.sched_getaffinity(0)) if anew else 1
    with bars.step("Folding events", total) as advance:
        watching = asyncio.create_task(_watch(wiring.settings, anew, advance))
        try:
            async with asyncio.TaskGroup() as group:
                for number, names in enumerate(shares(processes, begun)):
                    group.create_task(_fold(wiring, number, names))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    return await _found(wiring.settings)


def shares(count: int, begun: Collection[str] = ()) -> list[list[str]]:
    """All projections, for so many processes: there and back, so that nobody has all the heavy.

    Those that have ``begun`` have little to do.
    """
    count = min(count, len(PROJECTIONS))
    found: list[list[str]] = [[] for _ in range(count)]
    names = [*_HEAVY, *(each for each in PROJECTIONS if each not in _HEAVY)]
    for at, name in enumerate(sorted(names, key=lambda each: each in begun)):
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


async def _watch(settings: Settings, names: list[str], advance: Advance) -> None:
    """Tell how far these are."""
    told = 0
    async with tables.long_connection(settings.database) as connection:
        while True:
            cursor = await connection.execute(_DONE, (names,))
            row = await cursor.fetchone()
            done = int(row[0]) if row else 0
            advance(done - told)
            told = done
            await asyncio.sleep(_GLANCE)


async def _found(settings: Settings) -> list[Rebuilt]:
    async with tables.long_connection(settings.database) as connection:
        cursor = await connection.execute(_STATE, (list(PROJECTIONS),))
        return [Rebuilt(*row) for row in await cursor.fetchall()]
