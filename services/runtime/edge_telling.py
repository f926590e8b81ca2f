"""Tells a far-edge site the registrations of its clusters: all of them, then every change."""

import asyncio
from dataclasses import dataclass, field

from contracts.subjects import parse
from services.runtime.answers import Ack, Outgoing
from services.runtime.bus import Bus
from services.runtime.edge import TOLD_SUBJECT, told_subject
from services.runtime.edge_fleet import SiteFleet

_AT_ONCE = 200
_PATIENCE = 30.0


@dataclass
class Telling:
    """What one site is told."""

    here: Bus
    site: str
    fleet: SiteFleet
    _due: dict[str, None] = field(default_factory=dict[str, None], init=False)
    """Clusters that the site has still to be told of."""
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self.fleet.changed.append(self._changed)

    def _changed(self, site: str, cluster: str) -> None:
        if site == self.site:
            self._due[cluster] = None
            self._news.set()

    async def run(self) -> None:
        """Tell until cancelled; BusUnavailable while the site cannot be reached."""
        self._due.update(dict.fromkeys(self.fleet.ever(self.site)))
        while True:
            while self._due:
                await self._tell(list(self._due)[:_AT_ONCE])
            self._news.clear()
            await self._news.wait()

    async def _tell(self, clusters: list[str]) -> None:
        told = {cluster: self.fleet.last(cluster) for cluster in clusters}
        messages = [
            Outgoing(
                told_subject(self.site, parse(each.subject).key),
                each.data,
                {name: text for name, text in each.headers.items() if not name.startswith("Nats-")}
                | {TOLD_SUBJECT: each.subject},
            )
            for each in told.values()
        ]
        answers = await self.here.publish_each(messages, timeout=_PATIENCE)
        for answer in answers:
            if not isinstance(answer, Ack):
                raise answer
        for cluster, last in told.items():
            if self.fleet.last(cluster) is last:
                self._due.pop(cluster, None)
