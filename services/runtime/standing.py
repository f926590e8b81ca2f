"""How a process and its projections stand, told on the bus every second to whoever listens.

Core NATS, subject ``pos.-.<part>``: nothing is kept, and who is not heard of any more stands still.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from services.runtime.bus import Bus, BusUnavailable
from services.runtime.clock import Clock, SystemClock
from services.runtime.health import Finding, Health
from services.runtime.ids import new_secret
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.partition import PartitionRunner
from services.runtime.projections.runner import Runner

EVERY = 1.0
"""Seconds from one telling to the next."""
_WINDOW = 5
"""Tellings that a rate is taken over."""


class BuildStanding(msgspec.Struct, frozen=True):
    """One build of a projection, as the process that folds it knows it."""

    name: str
    slot: str
    sequence: int
    lag: int | None
    """Events that it has still to fold, None while that is not known."""
    rate: float
    """Events folded a second, over the last five."""
    error: str | None
    """Why it stands still, None while it does not."""
    partition: int | None = None
    """Which of its partitions; None if it has but one writer."""


class PartStanding(msgspec.Struct, frozen=True):
    """One process."""

    part: str
    instance: str
    """Its machine, and a name that no other process has."""
    ready: bool
    checks: dict[str, Finding]
    builds: list[BuildStanding] = []


SUBJECT = "pos.-.*"
"""Where all of them tell."""


def read(body: bytes) -> PartStanding | None:
    """What a process has told; None for what is not understood, as of another version."""
    try:
        return msgspec.json.decode(body, type=PartStanding)
    except msgspec.DecodeError:
        return None


@dataclass
class _Rate:
    """Of a count that only grows."""

    _seen: deque[tuple[float, int]] = field(
        default_factory=lambda: deque[tuple[float, int]](maxlen=_WINDOW + 1)
    )

    def at(self, now: float, count: int) -> float:
        """A second, since the oldest count that is remembered; one that is smaller begins anew."""
        if self._seen and count < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, count))
        then, before = self._seen[0]
        return round((count - before) / (now - then), 1) if now > then else 0.0


_Of = tuple[str, str, int | None]
"""Projection, slot and partition."""


@dataclass
class Telling:
    """Tells how one process stands."""

    health: Health
    bus: Bus
    hosts: Mapping[str, ProjectionHost] = field(default_factory=dict[str, ProjectionHost])
    clock: Clock = field(default_factory=SystemClock)
    instance: str = field(default_factory=lambda: f"{socket.gethostname()}/{new_secret(6)}")
    _rates: dict[_Of, _Rate] = field(default_factory=dict[_Of, _Rate], init=False)

    async def run(self, stopping: asyncio.Event) -> None:
        """Tell until the process stops; while the bus is away nobody can be told."""
        while not stopping.is_set():
            body = msgspec.json.encode(self.standing())
            with suppress(BusUnavailable):
                await self.bus.emit(f"pos.-.{self.health.part}", body)
            try:
                async with asyncio.timeout(EVERY):
                    await stopping.wait()
            except TimeoutError:
                continue

    def standing(self) -> PartStanding:
        """How it stands now."""
        ready, checks = self.health.findings()
        runners = [runner for host in self.hosts.values() for runner in host.runners]
        builds = [self._build(each) for each in runners]
        return PartStanding(self.health.part, self.instance, ready, checks, builds)

    def _build(self, runner: Runner) -> BuildStanding:
        partition = runner.partition if isinstance(runner, PartitionRunner) else None
        of = runner.projection.name, runner.slot, partition
        rate = self._rates.setdefault(of, _Rate())
        return BuildStanding(
            name=runner.projection.name,
            slot=runner.slot,
            sequence=runner.sequence,
            lag=runner.lag if runner.lag >= 0 else None,
            rate=rate.at(self.clock.monotonic(), runner.folded),
            error=runner.error,
            partition=partition,
        )
