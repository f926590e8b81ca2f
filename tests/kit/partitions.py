"""Events of many clusters, and projections that several hosts fold at once."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from contracts.alerts import AlertState
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.projections.partition import partition_of
from services.runtime.projections.partitioned import PartitionedHost
from services.runtime.projections.projection import Projection
from services.runtime.settings import ProjectionSettings, Settings
from tests.kit import builders
from tests.kit.runtime import running, until

CLUSTERS = [UUID(int=0xC0 + number) for number in range(12)]


def partition(cluster: UUID, of: int = 2) -> int:
    """Where a cluster's events are folded."""
    return partition_of(f"evt.{cluster}.alert.x.fired", of)


def clusters_of(number: int, of: int = 2) -> list[UUID]:
    """Those of a partition; there are some in each."""
    return [cluster for cluster in CLUSTERS if partition(cluster, of) == number]


class Teller:
    """Appends alerts of many clusters, each several times."""

    def __init__(self, log: EventLog, clusters: Iterable[UUID] = CLUSTERS) -> None:
        self.log = log
        self.clusters = list(clusters)
        self.heads: dict[int, Head] = {}
        self.last = 0
        self.states: dict[UUID, tuple[str, int]] = {}
        """What the rows are to say of each occurrence, and of which event."""

    async def tell(self, numbers: Iterable[int], state: AlertState = AlertState.FIRING) -> int:
        """Append one event an alert; the last sequence."""
        numbers = list(numbers)
        make = builders.fired if state is AlertState.FIRING else builders.resolved
        changes = [
            (
                make(
                    id=UUID(int=number + 1),
                    fingerprint=f"{number:016x}",
                    cluster_id=self.clusters[number % len(self.clusters)],
                ),
                self.heads.get(number, NOTHING),
            )
            for number in numbers
        ]
        context = builders.context(command_id=new_id())
        answers = await self.log.append_each(changes, context, builders.at())
        for number, answer in zip(numbers, answers, strict=True):
            assert isinstance(answer, int), answer
            self.heads[number], self.last = Head(answer), max(self.last, answer)
            self.states[UUID(int=number + 1)] = (state.value, answer)
        return self.last


def host(
    bus: Bus, settings: Settings, projection: Projection, of: int = 2, *, seconds: float = 4.0
) -> PartitionedHost:
    """One process's share in a projection."""
    return PartitionedHost(
        replace(projection), bus, settings.database, partitions=of, lease_seconds=seconds
    )


@asynccontextmanager
async def sharing(
    bus: Bus, settings: Settings, projection: Projection, *, hosts: int = 2, of: int = 2
) -> AsyncGenerator[list[PartitionedHost]]:
    """So many hosts for the time of a block, once all partitions are in their hands evenly."""
    made = [host(bus, settings, projection, of) for _ in range(hosts)]
    async with running(made[0].run):
        if hosts == 1:
            await until(lambda: len(made[0].held) == of)
            yield made
            return
        async with running(made[1].run):
            await until(lambda: even(made, of))
            yield made


def even(hosts: Iterable[PartitionedHost], of: int) -> bool:
    """All partitions are folded, and no host has more than its share."""
    shares = [each.held for each in hosts]
    share = -(-of // len(shares))
    return sum(map(len, shares)) == of and max(map(len, shares)) <= share


def partitioned(settings: Settings, **partitions: int) -> Settings:
    """Settings with so many partitions."""
    chosen = ProjectionSettings(partitions=partitions)
    return settings.model_copy(update={"projections": chosen})
