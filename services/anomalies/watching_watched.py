"""A watch in one cluster at one moment; and which watches there are."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from contracts.anomalies import MetricUpdate, Watch, WatchDefined
from contracts.clusters import Cluster
from services.anomalies.schedule import interval
from services.anomalies.watching_series import metric_of
from services.runtime.bus import Bus
from services.runtime.store import Store

_HELD = 5.0
"""Seconds for which a process goes by the watches that it knows: a fleet is due many times a
second."""
_DEFINED = WatchDefined.names.token


@dataclass(frozen=True, slots=True)
class Defined:
    """A watch, and which of its definitions it is."""

    watch: Watch
    version: int


@dataclass(frozen=True, slots=True)
class Watched(Defined):
    """One that is to be asked."""

    cluster: Cluster
    at: datetime
    """The moment for which it is asked."""

    def update(self, **found: Any) -> MetricUpdate:
        """What is told of it."""
        return MetricUpdate(
            cluster_id=self.cluster.id,
            watch_id=self.watch.id,
            watch_version=self.version,
            metric=metric_of(self.watch.query)[0],
            sampled_at=self.at,
            interval_seconds=interval(self.watch, self.cluster),
            sensitivity=self.watch.sensitivity,
            detection_type=self.watch.detection_type,
            above=self.watch.above,
            below=self.watch.below,
            **found,
        )


@dataclass(eq=False)
class Watches:
    """Those that one connection to the bus knows."""

    _found: Sequence[Defined] = ()
    _until: float = 0.0
    _sequence: int = -1
    """Of the last change that is known to be in it."""
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _all: ClassVar[WeakKeyDictionary[Bus, "Watches"]] = WeakKeyDictionary()

    @classmethod
    def of(cls, bus: Bus) -> "Watches":
        """What is kept for a connection."""
        return cls._all.setdefault(bus, cls())

    async def known(self, store: Store, sequence: int = 0) -> Sequence[Defined]:
        """All of them, as they are or were some seconds ago; this change of them is in it."""
        async with self._reading:
            now = store.outside.clock.monotonic()
            if now >= self._until or sequence > self._sequence:
                self._found = await _read(store)
                self._until, self._sequence = now + _HELD, max(sequence, self._sequence)
            return self._found


async def _read(store: Store) -> Sequence[Defined]:
    names = await store.log.last_names("watch")
    heads = await store.log.heads([key for key, name in names.items() if name == _DEFINED])
    return [
        Defined(last.event.watch, last.version or 1)
        for last in heads.values()
        if isinstance(last.event, WatchDefined)
    ]
