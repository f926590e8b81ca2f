"""Keeps samples of GPUs in the durable tables: takes them in, sums them up, drops the old ones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from projections.gpu.known import HOUR, from_micro, to_micro
from projections.gpu.rollups import roll_ups
from projections.gpu.samples import Batch, Samples
from projections.gpu.told import read
from projections.gpu.writing import BY_KEY, write
from services.runtime import metrics
from services.runtime.clock import Clock
from services.runtime.database import Connection
from services.runtime.projections.ranges import Ranges
from services.runtime.pull import Delivery
from services.runtime.settings import Settings

_FULL = 100_000
"""Samples of GPUs in one batch at most, about."""
_AHEAD = timedelta(minutes=5)
"""A node's clock may be ahead of ours by so much."""
_EVERY, _BEHIND_EVERY, _CLEAN_EVERY = 1.0, 10.0, 60.0
"""Seconds from one time to the next: roll-ups, also with much to read, and retention."""
_ROLLS_FOR = 0.5
"""Seconds that roll-ups go on, with many of them due."""
_UNDER_WAY = timedelta(minutes=10)
"""What was young enough to be kept when it came is written by then: it is dropped after that."""
_TOLD_LONGER = timedelta(hours=2)
"""What was told of a sample is up to an hour older than it is."""
_MONTH = timedelta(days=31)
"""Hours are kept for so much longer, until all of their partition is old."""


@dataclass
class GpuKeeper:
    """The keeper of GPUs."""

    settings: Settings
    clock: Clock
    kind: str = field(default="gpu", init=False)

    def __post_init__(self) -> None:
        self._samples = Samples(self.settings.gpu.idle_percent)
        self._sample = Ranges("gpu_sample", "hour")
        self._told = Ranges("gpu_told", "day")
        self._node_told = Ranges("gpu_node_told", "day")
        self._minutes, self._hours = roll_ups()
        self._ranges = (
            *(self._sample, self._told, self._node_told),
            *(self._minutes.ranges, self._hours.ranges),
        )
        self._rolled = self._cleaned = float("-inf")
        self._keeps = timedelta(hours=self.settings.retention.gpu_samples_hours)

    @property
    def full(self) -> bool:
        """Many samples wait to be written."""
        return len(self._samples.batch.samples) >= _FULL

    async def begin(self, connection: Connection) -> None:
        """Look at what there is."""
        await connection.execute(BY_KEY)
        self._samples.batch = Batch()
        await self._samples.known.load(connection)
        for each in self._ranges:
            await each.load(connection)

    def add(self, delivery: Delivery) -> None:
        """A node's sample; one from the future, or that would be dropped at once, is left out."""
        told, now = read(delivery.data), self.clock.now()
        if told.sampled_at > now + _AHEAD:
            metrics.GPU_SAMPLES_LEFT_OUT.labels("ahead").inc(len(told.gpus))
        elif told.sampled_at < now - self._keeps:
            metrics.GPU_SAMPLES_LEFT_OUT.labels("old").inc(len(told.gpus))
        else:
            self._samples.add(told, to_micro(told.sampled_at))

    def batch(self) -> Batch:
        """What was added."""
        batch, self._samples.batch = self._samples.batch, Batch()
        return batch

    async def write(self, connection: Connection, batch: Any) -> None:
        """Write it."""
        hours = [from_micro(each) for each in batch.hours]
        for each in (self._sample, self._told, self._node_told):
            await each.make(connection, hours)
        await write(connection, batch, self.settings.gpu.idle_percent)

    async def tidy(self, connection: Connection, *, behind: bool) -> None:
        """Sum up what is due, and now and then drop what is old."""
        began, now = self.clock.monotonic(), self.clock.now()
        if began - self._rolled >= (_BEHIND_EVERY if behind else _EVERY):
            self._rolled = began
            while await self._roll(connection, now) and not behind:
                if self.clock.monotonic() - began > _ROLLS_FOR:
                    self._rolled = float("-inf")  # Go on soon; samples that came do not wait.
                    break
        if began - self._cleaned >= _CLEAN_EVERY:
            self._cleaned = began
            await self._clean(connection, now)

    async def _roll(self, connection: Connection, now: datetime) -> bool:
        days = self.settings.retention
        more = await self._minutes.step(
            connection, now, now - timedelta(days=days.gpu_minutes_days)
        )
        if more:
            return True
        return await self._hours.step(connection, now, now - timedelta(days=days.gpu_hours_days))

    async def _clean(self, connection: Connection, now: datetime) -> None:
        for each in self._ranges:
            await each.make(connection, each.ahead(now))
        retention = self.settings.retention
        kept = now - self._keeps - _UNDER_WAY
        await self._sample.drop(connection, min(kept, await self._not_rolled(connection, kept)))
        await self._told.drop(connection, kept - _TOLD_LONGER)
        await self._node_told.drop(connection, kept - _TOLD_LONGER)
        days, hours = retention.gpu_minutes_days, retention.gpu_hours_days
        await self._minutes.ranges.drop(connection, now - timedelta(days=days))
        await self._hours.ranges.drop(connection, now - timedelta(days=hours))
        await self._forget(connection, now - timedelta(days=max(days, hours)) - _MONTH)
        self._samples.known.let_go(to_micro(now) - HOUR)

    async def _not_rolled(self, connection: Connection, kept: datetime) -> datetime:
        """The oldest samples that are not summed up."""
        cursor = await connection.execute(
            "select coalesce(least((select min(at) from aiops.gpu_dirty_minute),"
            " (select min(at) from aiops.gpu_dirty_hour)), %s)",
            (kept,),
        )
        row: Any = await cursor.fetchone()
        return row[0]

    async def _forget(self, connection: Connection, before: datetime) -> None:
        """GPUs and nodes that nothing is kept of any more: so that no number is given out twice."""
        for sql in (
            "delete from aiops.gpu g using aiops.gpu_node n where n.id = g.node_id"
            " and g.sampled_at < %s returning n.cluster_id, n.node_name, g.uuid",
            "delete from aiops.gpu_node where sampled_at < %s returning cluster_id, node_name",
        ):
            async for gone in await connection.execute(sql, (before,)):
                self._samples.known.forget(*gone)
