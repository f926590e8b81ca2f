"""Instances of the gateway tell each other once a second how often they are asked.

Core NATS, as in `services.runtime.standing`: nothing is kept or waited for. Who is not heard of for
three seconds asks for nothing any more, and while the bus is away each keeps the limits alone.
"""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from gateway.limits.classes import LimitClass
from gateway.limits.limiter import Limiter
from services.runtime.bus import Bus, BusUnavailable, TooLarge
from services.runtime.clock import Clock
from services.runtime.ids import new_secret
from services.runtime.logging import logger

EVERY = 1.0
"""Seconds from one telling to the next."""
SILENT = 3 * EVERY
"""Seconds after which an instance that tells nothing is gone."""
SUBJECT = "pos.-.gateway.limits"
_MOST = 64
"""Instances that are listened to."""

_Demand = Annotated[float, msgspec.Meta(ge=0)]


class Asked(msgspec.Struct, frozen=True):
    """How often one instance is asked, a second, by limit and key."""

    instance: str
    demands: dict[str, dict[str, _Demand]]


@dataclass
class Sharing:
    """Tells the others of one instance's demand, and its buckets of theirs."""

    bus: Bus
    limiter: Limiter
    clock: Clock
    instance: str = field(default_factory=lambda: f"{socket.gethostname()}/{new_secret(6)}")
    _heard: dict[str, tuple[float, Asked]] = field(
        default_factory=dict[str, tuple[float, Asked]], init=False
    )

    async def run(self, stopping: asyncio.Event) -> None:
        """Listen, and tell until the process stops."""
        if not self.limiter.enabled:
            return
        await self.bus.hear(SUBJECT, self.take)
        while not stopping.is_set():
            await self.tell()
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await stopping.wait()

    async def tell(self) -> None:
        """Tell once; and forget who has told nothing for too long."""
        self._spread()
        body = msgspec.json.encode(Asked(self.instance, self._demands()))
        try:
            await self.bus.emit(SUBJECT, body)
        except BusUnavailable:
            return  # Nobody can be told, and nobody waits for it.
        except TooLarge as error:
            logger("limits").warning("not_told", reason=str(error))

    def take(self, _: str, body: bytes) -> None:
        """What somebody has told; what is not understood, as of another version, is passed over."""
        try:
            told = msgspec.json.decode(body, type=Asked)
        except msgspec.DecodeError:
            return
        if told.instance == self.instance:
            return
        if told.instance in self._heard or len(self._heard) < _MOST:
            self._heard[told.instance] = self.clock.monotonic(), told
            self._spread()

    def _demands(self) -> dict[str, dict[str, float]]:
        now = self.clock.monotonic()
        found = {each.value: of.demands(now) for each, of in self.limiter.buckets.items()}
        return {name: keys for name, keys in found.items() if keys}

    def _spread(self) -> None:
        oldest = self.clock.monotonic() - SILENT
        self._heard = {name: told for name, told in self._heard.items() if told[0] >= oldest}
        for each, buckets in self.limiter.buckets.items():
            buckets.hear(self._others(each))

    def _others(self, of: LimitClass) -> Mapping[str, float]:
        together: dict[str, float] = {}
        for _, told in self._heard.values():
            for key, demand in told.demands.get(of.value, {}).items():
                together[key] = together.get(key, 0.0) + demand
        return together
