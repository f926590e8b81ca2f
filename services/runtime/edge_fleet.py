"""Which clusters belong to which far-edge site, as the hub's log tells it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from contracts.catalog import CATALOG
from contracts.clusters import HUB, Cluster, ClusterDeleted, ClusterRegistered, ClusterUpdated
from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.logging import logger
from services.runtime.pull import Delivery, Ordered, PullReader

_AT_ONCE = 500
_QUIET = 1.0
_PAUSE = 1.0
_LOG = logger("edge")


@dataclass(slots=True)
class _Known:
    cluster: Cluster | None
    """None once it has left the fleet."""
    last: Delivery
    sites: frozenset[str]
    """Every site that it has ever belonged to."""


@dataclass
class SiteFleet:
    """The clusters of all sites, kept up to date; those of the hub alone are not kept."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once all registrations of the log were read."""
    changed: list[Callable[[str, str], None]] = field(
        default_factory=list[Callable[[str, str], None]]
    )
    """Told a site and a cluster that is, or was, one of its own."""
    _known: dict[str, _Known] = field(default_factory=dict[str, _Known])

    def belongs(self, cluster: str, site: str) -> bool:
        """True if a cluster, by its token, belongs to a site now."""
        known = self._known.get(cluster)
        return known is not None and known.cluster is not None and known.cluster.site == site

    def last(self, cluster: str) -> Delivery:
        """The last event of a cluster's registration."""
        return self._known[cluster].last

    def ever(self, site: str) -> Iterator[str]:
        """The clusters that belong to a site or have ever done so."""
        return (cluster for cluster, known in self._known.items() if site in known.sites)

    def take(self, delivery: Delivery) -> None:
        """One more event of a registration."""
        token = delivery.subject.split(".", 2)[1]
        match CATALOG.decode(delivery.headers["ce-type"], delivery.data):
            case ClusterRegistered() | ClusterUpdated() as told:
                cluster: Cluster | None = told.cluster
            case ClusterDeleted():
                cluster = None
            case _:
                return
        before = self._known.get(token)
        sites = before.sites if before else frozenset[str]()
        if cluster is not None and cluster.site != HUB:
            sites |= {cluster.site}
        if not sites:
            return
        self._known[token] = _Known(cluster, delivery, sites)
        for site in sites:
            for tell in self.changed:
                tell(site, token)

    async def follow(self, bus: Bus, stopping: asyncio.Event) -> None:
        """Read the log's registrations until told to stop, from the first one on."""
        reader = PullReader(bus, Ordered(streams.EVENTS, ("evt.*.cluster.>",)), batch=_AT_ONCE)
        try:
            while not stopping.is_set():
                try:
                    await self._read(reader)
                except (BusUnavailable, JetStreamRefused) as error:
                    _LOG.info("registrations_interrupted", reason=str(error))
                    await asyncio.sleep(_PAUSE)
        finally:
            await reader.close()

    async def _read(self, reader: PullReader) -> None:
        for delivery in await reader.take(_AT_ONCE, wait=_QUIET):
            self.take(delivery)
        if not reader.pending and not reader.waiting:
            self.ready.set()
