"""Minutes and hours of samples, made again whenever samples have come to them.

An hour is made of its samples too, not of its minutes: samples are kept for longer than an hour
takes, and so a mean of values of which some are unknown is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from projections.gpu.told import MEASURES
from services.runtime.database import Connection
from services.runtime.projections.ranges import Ranges

_ROLLED = tuple(name for name in MEASURES if name != "memory_free_mb")
_COLUMNS = [f"{name}_{what}" for name in _ROLLED for what in ("avg", "min", "max")]
_VALUES = [f"{what}(s.{name})" for name in _ROLLED for what in ("avg", "min", "max")]
SETTLED = timedelta(seconds=20)
"""After its end a minute is made: samples of it may be under way for so long."""


@dataclass(frozen=True, slots=True)
class RollUp:
    """What samples become in one table: a row a GPU and unit of time."""

    ranges: Ranges
    dirty: str
    """The table that tells where samples have come to."""
    length: timedelta
    most: int
    """Nodes and units of time to be made in one transaction."""

    async def step(self, connection: Connection, now: datetime, kept: datetime) -> bool:
        """Make some of what is due, the oldest first; True if there may be more.

        Samples before ``kept`` are counted no more: such a row would soon be dropped.
        """
        due = now - self.length - SETTLED
        try:
            async with connection.transaction():
                pairs = await self._take(connection, due)
                wanted = [pair for pair in pairs if pair[1] >= kept]
                if wanted:
                    await self.ranges.make(connection, {at for _, at in wanted})
                    await self._make(connection, wanted)
        except psycopg.Error:
            await self.ranges.load(connection)  # Those that it has made are not there.
            raise
        return len(pairs) == self.most

    async def _take(self, connection: Connection, due: datetime) -> list[tuple[int, datetime]]:
        cursor = await connection.execute(
            f"delete from {self.dirty} where (at, node_id) in"  # noqa: S608 - our own names
            f" (select at, node_id from {self.dirty} where at <= %s order by at, node_id limit %s)"
            f" returning node_id, at".encode(),
            (due, self.most),
        )
        return [(row[0], row[1]) async for row in cursor]

    async def _make(self, connection: Connection, pairs: Sequence[tuple[int, datetime]]) -> None:
        nodes, times = [node for node, _ in pairs], [at for _, at in pairs]
        parameters: dict[str, Any] = {
            "nodes": nodes,
            "times": times,
            "begin": min(times),
            "end": max(times) + self.length,
            "length": self.length,
        }
        await connection.execute(self._sql(), parameters)

    def _sql(self) -> bytes:
        columns = ", ".join(_COLUMNS)
        updates = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
        # The bounds let PostgreSQL leave out the partitions that nothing is looked for in.
        return f"""
            insert into aiops.{self.ranges.table} (node_id, gpu_id, at, samples, {columns})
            select s.node_id, s.gpu_id, d.at, count(*), {", ".join(_VALUES)}
            from unnest(%(nodes)s::int4[], %(times)s::timestamptz[]) d(node_id, at)
            join aiops.gpu_sample s on s.node_id = d.node_id and s.gpu_id > 0
                and s.at >= d.at and s.at < d.at + %(length)s
                and s.at >= %(begin)s and s.at < %(end)s
            group by s.node_id, s.gpu_id, d.at
            on conflict (node_id, at, gpu_id)
            do update set samples = excluded.samples, {updates}
        """.encode()  # noqa: S608 - our own names


def roll_ups() -> tuple[RollUp, RollUp]:
    """Minutes and hours."""
    minutes = RollUp(
        Ranges("gpu_minute", "day"), "aiops.gpu_dirty_minute", timedelta(minutes=1), 1250
    )
    hours = RollUp(Ranges("gpu_hour", "month"), "aiops.gpu_dirty_hour", timedelta(hours=1), 50)
    return minutes, hours
