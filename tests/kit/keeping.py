"""Runs what keeps telemetry, with a bus or by hand, at a time of the test's own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.gpu import GpuUpdate
from contracts.subjects import token
from projections.gpu.keeping import GpuKeeper
from services.runtime.bus import Bus
from services.runtime.database import Connection, connect
from services.runtime.projections.keeping import KeepingRunner
from services.runtime.pull import Delivery
from services.runtime.settings import Settings
from tests.kit.runtime import running, until


@dataclass
class SetClock:
    """Whatever time it is set to; whatever is due every second is always due."""

    time: datetime
    seconds: float = 0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        self.seconds += 2
        return self.seconds


@asynccontextmanager
async def keeping(bus: Bus, settings: Settings, clock: SetClock) -> AsyncGenerator[KeepingRunner]:
    """A runner for the time of a block."""
    runner = KeepingRunner(GpuKeeper(settings, clock), bus, settings.database)
    async with running(runner.run):
        yield runner


async def tell(bus: Bus, update: GpuUpdate) -> int:
    """Publish a sample; its place in the telemetry."""
    subject = f"tel.gpu.{update.cluster_id}.{token(update.node_name)}"
    return await tell_raw(bus, update.model_dump_json().encode(), subject)


async def tell_raw(bus: Bus, data: bytes, subject: str = "tel.gpu.x.y") -> int:
    """Publish whatever it is."""
    return (await bus.publish(subject, data)).seq


async def kept(runner: KeepingRunner, sequence: int) -> None:
    """Wait until it has written up to there."""
    await until(lambda: runner.sequence >= sequence)


@dataclass
class ByHand:
    """A keeper and a connection, without a bus."""

    settings: Settings
    connection: Connection
    clock: SetClock
    keeper: GpuKeeper
    count: int = 0

    async def restart(self) -> None:
        """Another process takes over; what was not written is lost to it."""
        self.keeper = GpuKeeper(self.settings, self.clock)
        await self.keeper.begin(self.connection)

    def add(self, update: GpuUpdate) -> None:
        """A sample comes."""
        self.count += 1
        data = update.model_dump_json().encode()
        self.keeper.add(Delivery("tel.gpu.x.y", {}, data, "", self.count, "", 0, 1, 0, 0))

    async def write(self, *updates: GpuUpdate) -> None:
        """They come and are written, together with what came before."""
        for each in updates:
            self.add(each)
        async with self.connection.transaction():
            await self.keeper.write(self.connection, self.keeper.batch())

    async def tidy(self) -> None:
        """All that is due is done."""
        due = (
            f"select 1 from aiops.gpu_dirty_minute where at <= '{self.clock.time}'::timestamptz"
            f" - interval '80 s' union all select 1 from aiops.gpu_dirty_hour"
            f" where at <= '{self.clock.time}'::timestamptz - interval '3620 s'"
        )
        await self.keeper.tidy(self.connection, behind=False)
        while await self.ask(due):
            await self.keeper.tidy(self.connection, behind=False)

    async def clean(self) -> None:
        """What is done now and then is done too."""
        self.clock.seconds += 1000
        await self.tidy()

    async def do(self, sql: str) -> None:
        """A statement without rows."""
        await self.connection.execute(sql.encode())

    async def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement."""
        return await (await self.connection.execute(sql.encode())).fetchall()


@asynccontextmanager
async def by_hand(settings: Settings, clock: SetClock) -> AsyncGenerator[ByHand]:
    """For the time of a block."""
    async with await connect(settings.database, "test") as connection:
        hand = ByHand(settings, connection, clock, GpuKeeper(settings, clock))
        await hand.keeper.begin(connection)
        yield hand
