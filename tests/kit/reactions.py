"""Reactions on a real bus, with handlers that do what a test wants."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from contracts.clusters import ClusterRegistered
from contracts.envelope import Recorded
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.reactions import Reactions
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.runtime import UNTRACED, store, until, with_workers

Act = Callable[[Recorded, Store], Awaitable[None]]


@dataclass
class Seen:
    """Notes what a reaction was given, then does what the test wants."""

    act: Act | None = None
    events: list[Recorded] = field(default_factory=list[Recorded])

    @property
    def sequences(self) -> list[int]:
        return [event.sequence for event in self.events]

    async def __call__(self, event: Recorded, at: Store) -> None:
        self.events.append(event)
        if self.act is not None:
            await self.act(event, at)


def discovery(seen: Act) -> Service:
    service = Service("discovery")

    @service.on(ClusterRegistered)
    async def discover(event: Recorded, at: Store) -> None:
        """Look at what a new cluster can do."""
        await seen(event, at)

    return service


class Platform:
    """A bus, and the reactions of some services on it."""

    def __init__(self, bus: Bus, log: EventLog, settings: Settings) -> None:
        self.bus, self.log = bus, log
        self.settings = with_workers(settings, ack_wait=2.0)

    def reactions(self, *services: Service, **limits: float) -> Reactions:
        settings = with_workers(self.settings, **limits)
        return Reactions(services, self.bus, self.log, settings, UNTRACED)

    async def register(self, number: int = 1) -> int:
        """Store the registration of a cluster; gives its position."""
        event = builders.registered(id=UUID(int=number), name=f"cluster-{number}")
        return (await store(self.log, event)).sequence

    async def pending(self, consumer: str = "discovery_discover", stream: str = "EVT") -> int:
        """Messages that a consumer has not settled."""
        info = await self.bus.api(f"CONSUMER.INFO.{stream}.{consumer}")
        return info["num_pending"] + info["num_ack_pending"]

    async def settled(self) -> bool:
        return await self.pending() == 0


async def started(reactions: Reactions) -> None:
    await until(lambda: reactions.healthy)
