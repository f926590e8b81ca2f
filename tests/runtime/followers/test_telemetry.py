"""Followers of telemetry: raw messages, shared by cluster over the processes that are there."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from services.runtime import metrics
from services.runtime.bus import Bus
from services.runtime.followers.host import FollowerHost
from services.runtime.following import Follower
from services.runtime.log import EventLog
from services.runtime.pull import Delivery
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit.runtime import running, until
from tests.runtime.followers.kit import QUICK, means

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

CLUSTERS = [f"edge-{number}" for number in range(8)]


@dataclass(frozen=True)
class Sample:
    cluster: str
    value: int
    sequence: int


def read(delivery: Delivery) -> Sample:
    cluster = delivery.subject.split(".")[2]
    return Sample(cluster, json.loads(delivery.data)["value"], delivery.sequence)


@dataclass
class Sums:
    """Adds up what was measured, by cluster."""

    sums: dict[str, int] = field(default_factory=dict[str, int])
    taken: list[Sample] = field(default_factory=list[Sample])

    async def take(self, batch: Sequence[Sample], store: Store) -> None:
        for sample in batch:
            self.taken.append(sample)
            self.sums[sample.cluster] = self.sums.get(sample.cluster, 0) + sample.value

    async def act(self, now: datetime, store: Store) -> None:
        """Nothing follows from it."""

    def snapshot(self) -> bytes:
        return json.dumps(self.sums).encode()


@dataclass
class Made:
    """One process's sums, of each partition that it has had."""

    all: list[Sums] = field(default_factory=list[Sums])

    def follower(self, partitions: int = 1) -> Follower[Sample]:
        service = Service("sums")

        @service.follows_telemetry("gpu", "cnf", reads=read, version=1, partitions=partitions)
        def samples(snapshot: bytes | None) -> Sums:
            """Adds up samples."""
            made = Sums({} if snapshot is None else json.loads(snapshot))
            self.all.append(made)
            return made

        return service.followers[0]

    @property
    def taken(self) -> list[Sample]:
        return [sample for each in self.all for sample in each.taken]


def host(log: EventLog, settings: Settings, made: Made, partitions: int = 1) -> FollowerHost:
    return FollowerHost("sums", made.follower(partitions), means(log, settings, QUICK))


async def measure(bus: Bus, values: Iterable[int]) -> None:
    for value in values:
        cluster = CLUSTERS[value % len(CLUSTERS)]
        body = json.dumps({"value": value}).encode()
        await bus.publish(f"tel.{('gpu', 'cnf')[value % 2]}.{cluster}.node", body)


async def test_what_was_measured_is_taken_as_it_is_and_what_is_broken_is_passed_over(
    log: EventLog, bus_settings: Settings
) -> None:
    before = _passed_over()
    await measure(log.bus, range(3))
    await log.bus.publish("tel.gpu.edge-1.node", b"{broken")
    await log.bus.publish("tel.health.edge-1.-", b"{}")
    await measure(log.bus, range(3, 6))
    made = Made()
    async with running(host(log, bus_settings, made).run):
        await until(lambda: len(made.taken) == 6)
    assert [sample.value for sample in made.taken] == [*range(6)]
    assert _passed_over() == before + 1


def _passed_over() -> float:
    found = metrics.REGISTRY.get_sample_value(
        "aiops_follower_skipped_total", {"follower": "sums_samples"}
    )
    return found or 0


async def test_partitions_are_shared_and_each_sample_is_summed_once(
    log: EventLog, bus_settings: Settings
) -> None:
    made = [Made(), Made()]
    one, other = (host(log, bus_settings, each, 4) for each in made)
    await measure(log.bus, range(100))
    async with running(one.run):
        await until(lambda: len(one.held) == 4)
        await measure(log.bus, range(100, 150))
        async with running(other.run):
            await until(lambda: (len(one.held), len(other.held)) == (2, 2))
            assert one.held | other.held == {0, 1, 2, 3}
            await measure(log.bus, range(150, 200))
            await until(lambda: len(made[0].taken) + len(made[1].taken) == 200)
            assert made[1].taken
        await until(lambda: len(one.held) == 4)
        await measure(log.bus, range(200, 210))
        await until(lambda: len(made[0].taken) + len(made[1].taken) == 210)
    taken = made[0].taken + made[1].taken
    assert sorted(sample.value for sample in taken) == [*range(210)]
    assert _sums(made) == {
        cluster: sum(value for value in range(210) if CLUSTERS[value % 8] == cluster)
        for cluster in CLUSTERS
    }
    for each in [*made[0].all, *made[1].all]:
        sequences = [sample.sequence for sample in each.taken]
        assert sequences == sorted(sequences)


def _sums(made: Iterable[Made]) -> dict[str, int]:
    """Of each cluster the newest sum, whoever has it."""
    found = dict[str, int]()
    for each in made:
        for sums in each.all:
            for cluster, value in sums.sums.items():
                found[cluster] = max(found.get(cluster, 0), value)
    return found


async def test_another_number_of_partitions_begins_anew(
    log: EventLog, bus_settings: Settings
) -> None:
    await measure(log.bus, range(16))
    for partitions in (1, 2):
        made = Made()
        follower = host(log, bus_settings, made, partitions)
        async with running(follower.run):
            await until(lambda made=made: len(made.taken) == 16)
