"""Holders of a lease: as processes whose connection may fail, and as work that can be watched."""

import asyncio
import time
from dataclasses import dataclass, field

from services.runtime.bus import Ack, Bus, BusUnavailable
from services.runtime.leases import Lease, Taken, lease
from tests.kit.runtime import until

NAME = "credentials/edge-1"


class Frail(Bus):
    """The connection of one process, which may hang or be cut off."""

    cut = False
    """Nothing goes out any more, and it says so."""
    hangs = False
    """Nothing goes out, and nothing is said."""
    lost = 0
    """So many acknowledgements of what is stored are not heard."""

    async def emit(
        self, subject: str, data: bytes, headers: dict[str, str] | None = None, *, reply: str = ""
    ) -> None:
        if self.cut:
            raise BusUnavailable("cut off")
        if not self.hangs:
            await super().emit(subject, data, headers, reply=reply)

    async def publish(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Ack:
        ack = await super().publish(subject, data, headers, timeout=timeout)
        if self.lost:
            self.lost -= 1
            raise BusUnavailable("the acknowledgement was lost")
        return ack


async def process(bus: Bus) -> Frail:
    """A connection of its own, as far as failing goes."""
    made = Frail(bus.client)
    await made.open()
    return made


@dataclass
class Work:
    """Holds the lease until it is told to stop, in a task of its own."""

    bus: Bus
    seconds: float = 1.0
    wait: float = 0.0
    mine: Lease | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    begun: float = 0.0
    ended: float = 0.0

    async def run(self) -> None:
        async with lease(self.bus, NAME, seconds=self.seconds, wait=self.wait) as mine:
            self.mine, self.begun = mine, time.monotonic()
            try:
                await self.stop.wait()
            finally:
                self.ended = time.monotonic()

    async def begin(self) -> asyncio.Task[None]:
        """Once it is held."""
        task = asyncio.create_task(self.run())
        await until(lambda: self.mine is not None or task.done())
        return task


async def crash(bus: Frail, task: asyncio.Task[None]) -> None:
    """As a killed process: nothing is renewed or given back."""
    bus.cut = True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def free(bus: Bus) -> bool:
    """Whether the lease may be had at once; it is given back."""
    try:
        async with lease(bus, NAME):
            return True
    except Taken:
        return False
