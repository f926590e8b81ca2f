"""Keeps samples of network functions in the durable tables, and drops the old ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from pydantic import ValidationError

from contracts.cnf import CnfUpdate
from contracts.envelope import Message
from projections.cnf.view import CnfPart
from services.runtime.clock import Clock
from services.runtime.database import Connection
from services.runtime.projections.keeper import Unreadable
from services.runtime.projections.ranges import Ranges
from services.runtime.pull import Delivery
from services.runtime.settings import Settings

_FULL = 200
"""Samples of clusters in one batch at most, about."""
_AHEAD = timedelta(minutes=5)
"""A collector's clock may be ahead of ours by so much."""
_CLEAN_EVERY = 300.0
"""Seconds."""
# In the order in which they were made: the function takes nothing that is older than what it has.
_SAMPLED = b"""select aiops.cnf_sampled(cluster, at, every, part, missing, source, told::jsonb)
    from unnest(%b::uuid[], %b::timestamptz[], %b::int4[], %b::text[], %b::text[], %b::text[],
        %b::text[]) as sampled(cluster, at, every, part, missing, source, told) order by at"""
_UNTOLD = "the sample does not tell of it"


@dataclass
class CnfKeeper:
    """The keeper of network functions."""

    settings: Settings
    clock: Clock
    kind: str = field(default="cnf", init=False)
    _samples: list[CnfUpdate] = field(default_factory=list[CnfUpdate], init=False)
    _cleaned: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        self._ranges = Ranges("cnf_run", "day"), Ranges("cnf_offset", "day")

    @property
    def full(self) -> bool:
        """Many samples wait to be written."""
        return len(self._samples) >= _FULL

    async def begin(self, connection: Connection) -> None:
        """Look at what there is."""
        self._samples = []
        for each in self._ranges:
            await each.load(connection)

    def add(self, delivery: Delivery) -> None:
        """A cluster's sample; one from the future, or that would be dropped at once, is refused."""
        try:
            sample = CnfUpdate.model_validate_json(delivery.data)
        except ValidationError as error:
            raise Unreadable(f"{error.error_count()} fields are wrong") from error
        now = self.clock.now()
        if sample.sampled_at > now + _AHEAD:
            raise Unreadable("it is from the future")
        if sample.sampled_at < self._kept(now):
            raise Unreadable("it is older than what is kept")
        self._samples.append(sample)

    def batch(self) -> Sequence[CnfUpdate]:
        """What was added."""
        batch, self._samples = self._samples, []
        return batch

    async def write(self, connection: Connection, batch: Sequence[CnfUpdate]) -> None:
        """Write it."""
        if not batch:
            return
        for each in self._ranges:
            await each.make(connection, [sample.sampled_at for sample in batch])
        rows = [row for sample in batch for row in _parts(sample)]
        await connection.execute(_SAMPLED, [list(column) for column in zip(*rows, strict=True)])

    async def tidy(self, connection: Connection, *, behind: bool) -> None:
        """Now and then, drop what is old."""
        elapsed = self.clock.monotonic()
        if behind or elapsed - self._cleaned < _CLEAN_EVERY:
            return
        self._cleaned, kept = elapsed, self._kept(self.clock.now())
        for each in self._ranges:
            await each.make(connection, each.ahead(self.clock.now()))
            await each.drop(connection, kept)
        await connection.execute("delete from aiops.cnf_latest where asked_at < %s", (kept,))
        await connection.execute(
            # In this form it never reads all offsets, only one of each clock.
            "delete from aiops.cnf_clock c where (select true from aiops.cnf_offset o"
            " where o.clock_id = c.id limit 1) is null"
        )

    def _kept(self, now: datetime) -> datetime:
        return now - timedelta(hours=self.settings.retention.cnf_hours)


def _parts(sample: CnfUpdate) -> Iterator[tuple[Any, ...]]:
    common = sample.cluster_id, sample.sampled_at, sample.interval_seconds
    for part in CnfPart:
        found: tuple[Message, ...] | None = getattr(sample, part.value)
        source = sample.sources.get(part.value)
        # Both: not all of it is known.
        missing = sample.missing.get(part.value, _UNTOLD if found is None else None)
        told = None if found is None else _in_order(found)
        yield (*common, part.value, missing, source and source.value, told)


def _in_order(found: tuple[Message, ...]) -> str:
    """The same things are the same text, in whatever order they were found."""
    told = sorted(msgspec.json.encode(each.model_dump(mode="json")).decode() for each in found)
    return f"[{','.join(told)}]"
