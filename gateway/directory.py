"""Which clusters there are, their names and labels, kept in memory from the log."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from contracts.catalog import CATALOG, UnknownEvent
from contracts.clusters import ClusterDeleted, ClusterRegistered, ClusterUpdated
from projections.alerts import queries as alerts
from projections.fleet import queries
from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.database import Database, DatabaseUnavailable
from services.runtime.principals import EVERYWHERE
from services.runtime.pull import Delivery, Ordered, PullReader

_PAUSE = 0.5


@dataclass
class Directory:
    """Names and labels of clusters. Events keep it: the database is asked at the start only."""

    bus: Bus
    database: Database
    _names: dict[str, str] = field(default_factory=dict[str, str])
    _ids: dict[str, UUID] = field(default_factory=dict[str, UUID])
    _seen: dict[str, int] = field(default_factory=dict[str, int])
    _labels: dict[UUID, Mapping[str, str]] = field(default_factory=dict[UUID, Mapping[str, str]])
    _loaded_to: int = 0
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    version: int = 0
    """Another one whenever a cluster has other labels than before."""
    changed: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Called after every change of the version."""

    def name(self, cluster: str) -> str | None:
        """The name of a cluster, also of one that was deleted."""
        return self._names.get(cluster)

    def has(self, cluster_id: UUID) -> bool:
        """True for a live cluster."""
        return self._ids.get(self._names.get(str(cluster_id), "")) == cluster_id

    def matching(self, selector: Mapping[str, str]) -> frozenset[UUID]:
        """The clusters with these labels, with deleted ones that had them last."""
        wanted = selector.items()
        return frozenset(each for each, told in self._labels.items() if wanted <= told.items())

    async def resolve(self, labels: Iterable[str]) -> dict[str, UUID]:
        """The live clusters that these names or ids mean; the fleet is asked about unknown ones."""
        found = {label: self.find(label) for label in labels}
        asked = [label for label, cluster in found.items() if cluster is None and _may_name(label)]
        found |= await queries.find(self.database, asked) if asked else {}
        return {label: cluster for label, cluster in found.items() if cluster is not None}

    def find(self, label: str) -> UUID | None:
        """The live cluster that a name or id means, as far as events have told."""
        by_id = self._ids.get(self._names.get(label, ""))
        return by_id if str(by_id) == label else self._ids.get(label)

    async def has_now(self, cluster_id: UUID) -> bool:
        """`has`, asking the fleet about one that was registered just now."""
        if self.has(cluster_id):
            return True
        found = await queries.by_id(self.database, cluster_id, EVERYWHERE)
        return found is not None

    async def run(self, stopping: asyncio.Event) -> None:
        """Load the fleet, then follow the events."""
        while not stopping.is_set():
            try:
                await self._follow(stopping)
            except (DatabaseUnavailable, BusUnavailable, JetStreamRefused):
                await asyncio.sleep(_PAUSE)

    async def _follow(self, stopping: asyncio.Event) -> None:
        for cluster_id, name in await alerts.cluster_names(self.database):
            self._names.setdefault(str(cluster_id), name)
        sequence, known = await queries.names(self.database)
        # Read after the sequence: what may be newer than it comes once more with its event.
        labels = await queries.labels(self.database)
        # What left the fleet while nobody listened is not among those known.
        self._ids.clear()
        self._seen.clear()
        for cluster_id, name in known:
            self._put(cluster_id, name)
        for cluster_id, told in labels:
            self._label(cluster_id, told)
        self._loaded_to = sequence
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
        known = max(self._seen.get(tokens[1], 0), self._loaded_to)
        if tokens[2] != "cluster" or known >= delivery.sequence:
            return
        self._seen[tokens[1]] = delivery.sequence
        try:
            event = CATALOG.decode(delivery.headers["ce-type"], delivery.data)
        except (UnknownEvent, KeyError, ValidationError):
            return  # The projections tell of events that cannot be read.
        match event:
            case ClusterRegistered() | ClusterUpdated():
                self._put(event.cluster.id, event.cluster.name)
                self._label(event.cluster.id, event.cluster.labels)
            case ClusterDeleted():
                if self._ids.get(event.name) == event.cluster_id:
                    self._ids.pop(event.name)
            case _:
                return

    def _put(self, cluster_id: UUID, name: str) -> None:
        before = self._names.get(str(cluster_id))
        if before is not None and self._ids.get(before) == cluster_id:
            self._ids.pop(before)
        self._names[str(cluster_id)] = name
        self._ids[name] = cluster_id

    def _label(self, cluster_id: UUID, labels: Mapping[str, str]) -> None:
        if self._labels.get(cluster_id) == labels:
            return
        self._labels[cluster_id] = labels
        self.version += 1
        for tell in self.changed:
            tell()


def _may_name(label: str) -> bool:
    return 0 < len(label) < 64 and label.isprintable()
