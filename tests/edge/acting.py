"""What tests do at either end of a link."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from contracts.envelope import Event
from contracts.telemetry import BackendCircuitClosed, BackendCircuitOpened
from services.runtime import metrics, streams
from services.runtime.answers import Stored
from services.runtime.edge_fleet import SiteFleet
from services.runtime.edge_links import SiteLink
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.process import Runtime
from tests.edge.kit import SITE
from tests.kit import builders
from tests.kit.runtime import running, store

LOST_AFTER = 1.0


@asynccontextmanager
async def linking(hub: Runtime, site: str = SITE) -> AsyncGenerator[SiteLink]:
    """The hub's end of the link at work, for the time of a block."""
    fleet = SiteFleet()
    end = SiteLink(site, hub.bus, hub.log, fleet, lost_after=LOST_AFTER)
    async with running(lambda stopping: fleet.follow(hub.bus, stopping)), running(end.run):
        yield end


async def register(hub: Runtime, cluster_id: UUID | None = None, **changes: Any) -> UUID:
    """A cluster of the site is in the hub's log."""
    found = cluster_id or new_id()
    told = {"id": found, "name": f"c-{found.hex[:12]}", "site": SITE} | changes
    await store(hub.log, builders.registered(**told))
    return found


def circuit(cluster: UUID, number: int) -> Event:
    """One of a row of events: a backend comes and goes."""
    kind = BackendCircuitClosed if number % 2 else BackendCircuitOpened
    build = builders.circuit_closed if kind is BackendCircuitClosed else builders.circuit_opened
    return build(cluster_id=cluster, reason=f"{number}")


async def tell(site: Runtime, clusters: Sequence[UUID], numbers: range) -> None:
    """Append events at the site, one after the other."""
    for number in numbers:
        event = circuit(clusters[number % len(clusters)], number)
        last = await site.log.head(event.key)
        head = Head(last.sequence) if last else NOTHING
        await store(site.log, event, after=head)


async def at_hub(log: EventLog, kind: str = "backend_circuit") -> list[Stored]:
    """What the hub has of a kind, in order."""
    found: list[Stored] = []
    while True:
        query = {
            "seq": found[-1].sequence + 1 if found else 1,
            "batch": 1000,
            "next_by_subj": f"evt.*.{kind}.>",
        }
        page = await log.bus.get_many(streams.EVENTS, query)
        if not page:
            return found
        found += page


def numbers(log: EventLog, found: Sequence[Stored]) -> list[int]:
    """The numbers of events that `tell` has told."""
    decoded = [log.catalog.decode(each.headers["ce-type"], each.data) for each in found]
    return [int(getattr(event, "reason", "-1")) for event in decoded]


def counted(name: str, **labels: str) -> float:
    """What a metric of this process stands at."""
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0
