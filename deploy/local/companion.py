"""A program that runs beside the platform, which starts and serves with it or without it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from deploy.local.errors import CannotStart
from deploy.local.keeper import Charge, Keeper
from deploy.local.run_file import Run

_WITHIN = 30.0
_STOP_WITHIN = 1.0


class Companion(Protocol):
    """What runs beside the platform."""

    @property
    def remark(self) -> str:
        """What the line that says "ready" says of it."""
        ...

    def charge(self) -> Charge:
        """The program; asked for in a thread, while the platform starts."""
        ...

    async def introduce(self, run: Run) -> None:
        """Make it known to the platform; called when both run."""
        ...


async def accompany(
    companion: Companion, keeper: Keeper, ready: Awaitable[Run], report: Callable[[str], None]
) -> None:
    """Start it, and make it known once the platform is ready; what fails is one line, no more."""
    try:
        charge = await asyncio.to_thread(companion.charge)
        try:
            await keeper.start(charge, within=_WITHIN)
        except CannotStart:
            # Tried often enough: what fails for ever must not fill the terminal.
            await keeper.stop([charge.program.name], _STOP_WITHIN)
            raise
        await companion.introduce(await ready)
    except (CannotStart, OSError) as error:
        # The end of its log, which a failed start of the platform shows, stays in the log.
        report(str(error).partition("\n")[0])
