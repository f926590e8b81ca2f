"""Which clusters there are and how they are called, kept in memory from the log."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from contracts.catalog import CATALOG, UnknownEvent
from contracts.clusters import ClusterDeleted, ClusterRegistered, ClusterUpdated
from projections.fleet import queries
from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.database import Database, DatabaseUnavailable
from services.runtime.pull import Delivery, Ordered, PullReader

_PAUSE = 0.5


@dataclass
class Directory:
    """Names of clusters. Events keep it: what is known does not depend on the database."""

    bus: Bus
    database: Database
    _names: dict[str, str] = field(default_factory=dict[str, str])
    _ids: dict[str, UUID] = field(default_factory=dict[str, UUID])
    _seen: dict[str, int] = field(default_factory=dict[str, int])
    loaded: asyncio.Event = field(default_factory=asyncio.Event)

    def name(self, cluster: str) -> str | None:
        """The name of a cluster, also of one that was deleted."""
        return self._names.get(cluster)

    def has(self, cluster_id: UUID) -> bool:
        """True for a live cluster."""
        return self._ids.get(self._names.get(str(cluster_id), "")) == cluster_id

    def find(self, name: str) -> UUID | None:
        """The live cluster of this name."""
        return self._ids.get(name)

    async def has_now(self, cluster_id: UUID) -> bool:
        """`has`, asking the fleet about one that was registered just now."""
        if self.has(cluster_id):
            return True
        found = await queries.by_id(self.database, cluster_id)
        return found is not None

    async def run(self, stopping: asyncio.Event) -> None:
        """Load the fleet, then follow the events."""
        while not stopping.is_set():
            try:
                await self._follow(stopping)
            except (DatabaseUnavailable, BusUnavailable, JetStreamRefused):
                await asyncio.sleep(_PAUSE)

    async def _follow(self, stopping: asyncio.Event) -> None:
        sequence, known = await queries.names(self.database)
        for cluster_id, name in known:
            self._put(cluster_id, name)
        filters = ("evt.*.cluster.>",)
        reader = PullReader(self.bus, Ordered(streams.EVENTS, filters), start=sequence + 1)
        try:
            await reader.open()
            self.loaded.set()
            while not stopping.is_set():
                for delivery in await reader.take(1000, wait=0.5):
                    self.observe(delivery)
        finally:
            await reader.close()

    def observe(self, delivery: Delivery) -> None:
        """Learn from an event; others than cluster events say nothing, older ones neither."""
        tokens = delivery.subject.split(".")
        if tokens[2] != "cluster" or self._seen.get(tokens[1], 0) >= delivery.sequence:
            return
        self._seen[tokens[1]] = delivery.sequence
        try:
            event = CATALOG.decode(delivery.headers["ce-type"], delivery.data)
        except (UnknownEvent, KeyError, ValidationError):
            return  # The projections tell of events that cannot be read.
        match event:
            case ClusterRegistered() | ClusterUpdated():
                self._put(event.cluster.id, event.cluster.name)
            case ClusterDeleted():
                self._ids.pop(event.name, None)
            case _:
                return

    def _put(self, cluster_id: UUID, name: str) -> None:
        before = self._names.get(str(cluster_id))
        if before is not None and self._ids.get(before) == cluster_id:
            self._ids.pop(before)
        self._names[str(cluster_id)] = name
        self._ids[name] = cluster_id
