"""How the processes of the platform stand, as they tell it on the bus."""

import asyncio
from dataclasses import dataclass, field

from services.runtime.bus import Bus
from services.runtime.clock import Clock
from services.runtime.standing import EVERY, SUBJECT, PartStanding, read

SILENT = 5 * EVERY
"""Seconds after which a process that tells nothing is gone."""
_MOST = 1000


@dataclass
class Parts:
    """What was heard of each process; one that says nothing for five seconds is gone."""

    bus: Bus
    clock: Clock
    _heard: dict[str, tuple[float, PartStanding]] = field(
        default_factory=dict[str, tuple[float, PartStanding]]
    )
    _since: float = 0.0

    async def open(self) -> None:
        """Begin to listen."""
        self._since = self.clock.monotonic()
        await self.bus.hear(SUBJECT, self._take)

    async def standing(self) -> list[PartStanding]:
        """Every process that was heard of lately, by part and instance.

        Just after the start it waits until all have had the time to tell, a second and a half.
        """
        await asyncio.sleep(max(0.0, self._since + 1.5 * EVERY - self.clock.monotonic()))
        oldest = self.clock.monotonic() - SILENT
        self._heard = {name: found for name, found in self._heard.items() if found[0] >= oldest}
        return sorted((told for _, told in self._heard.values()), key=_order)

    def _take(self, _: str, body: bytes) -> None:
        told = read(body)
        if told is None:
            return
        self._heard.pop(told.instance, None)
        self._heard[told.instance] = self.clock.monotonic(), told
        if len(self._heard) > _MOST:
            del self._heard[next(iter(self._heard))]


def _order(told: PartStanding) -> tuple[str, str]:
    return told.part, told.instance
