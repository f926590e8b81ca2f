"""A worker at a far-edge site: what it does of its services, and where it reads the log.

The site's NATS server is a leaf node of the hub's, with JetStream of its own: the domain is the
site's name. Its streams EVT and TEL buffer what the worker writes; the hub takes it over by and by
(`edge_links`). A third stream holds what the hub tells the site: the registrations of its clusters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from contracts.clusters import ClusterRegistered, ClusterUpdated
from contracts.envelope import Context, Event, Recorded
from contracts.subjects import EntityKey
from services.runtime import metrics, streams
from services.runtime.answers import BusUnavailable, Stored
from services.runtime.log import Appended, EventLog, Head
from services.runtime.service import Service
from services.runtime.settings import Settings

TOLD_SUBJECT = "aiops-subject"
"""Header: under which subject the hub has the event that it tells a site."""
ORIGIN = "aiops-origin"
"""Header at the hub: site, birth of the site's stream and sequence there of a message from it."""
HUB_KINDS = frozenset({"cluster", "cluster_credentials"})
"""Entities that are written at the hub alone."""
SITE_KINDS = frozenset({"backend_circuit"})
"""Entities of a site's clusters that are written at the site alone; the hub takes no others."""
_HEADS_PER_READ = 300
_APPEND_PATIENCE = 1.0
"""Seconds: the server beside us answers at once, and who asks a question waits for the event."""


def told_subject(site: str, key: EntityKey) -> str:
    """Where a site keeps what the hub tells it about an entity."""
    return f"{streams.TOLD_BY_HUB}.{site}.{key.cluster}.{key.type}.{key.id}"


def position_subject(site: str, stream: str) -> str:
    """Where a site keeps how far the hub has taken over one of its streams."""
    return f"{streams.TOLD_BY_HUB}.{site}.position.{stream}"


@dataclass
class SiteLog(EventLog):
    """The log as a site has it: its own, and what the hub has told it of what the hub decides.

    Sequences are the site's. What the hub tells is as old as the link has been down.
    """

    site: str = field(kw_only=True)

    async def append(
        self,
        events: Sequence[Event],
        expected: Mapping[EntityKey, Head],
        context: Context,
        at: datetime,
    ) -> Appended:
        """See `EventLog.append`; what finds no room is counted."""
        try:
            return await super().append(events, expected, context, at)
        except BusUnavailable:
            metrics.EDGE_NOT_KEPT.inc(len(events))
            raise

    async def head(self, key: EntityKey, known: Recorded | None = None) -> Recorded | None:
        """The last event of an entity, from whoever owns it."""
        if key.type not in HUB_KINDS:
            return await super().head(key, known)
        return (await self._told([key])).get(key)

    async def heads(self, keys: Iterable[EntityKey]) -> dict[EntityKey, Recorded]:
        """The last event of each of many facts; those without any are absent."""
        wanted = list(dict.fromkeys(keys))
        found = await super().heads(key for key in wanted if key.type not in HUB_KINDS)
        return found | await self._told([key for key in wanted if key.type in HUB_KINDS])

    async def _told(self, keys: Iterable[EntityKey]) -> dict[EntityKey, Recorded]:
        by_subject = {told_subject(self.site, key): key for key in keys}
        subjects = list(by_subject)
        found: dict[EntityKey, Recorded] = {}
        for start in range(0, len(subjects), _HEADS_PER_READ):
            part = subjects[start : start + _HEADS_PER_READ]
            for stored in await self.bus.get_last(streams.FROM_HUB, part):
                told = self._recorded(_as_at_the_hub(stored))
                if self._ours(told):
                    found[by_subject[stored.subject]] = told
        return found

    def _ours(self, told: Recorded) -> bool:
        """False for a cluster that has been given to another site."""
        match told.event:
            case ClusterRegistered() | ClusterUpdated() as event:
                return event.cluster.site == self.site
            case _:
                return True


def _as_at_the_hub(stored: Stored) -> Stored:
    headers: Mapping[str, str] = stored.headers
    return replace(stored, subject=headers[TOLD_SUBJECT])


def answering_only(services: Iterable[Service]) -> list[Service]:
    """What a site's worker does: it answers. What is due or decided belongs to the hub."""
    return [Service(each.name, queries=each.queries) for each in services]


def of_site(settings: Settings, site: str) -> Settings:
    """Settings of a worker at a site, whose reply subjects are apart from those of others."""
    edge = settings.edge.model_copy(update={"worker": True})
    nats = settings.nats.model_copy(
        update={"inbox": f"{site}.", "append_patience": _APPEND_PATIENCE}
    )
    return settings.model_copy(update={"site": site, "edge": edge, "nats": nats})
