"""A worker that samples a cluster whose GPUs, and whose sources' faults, a test chooses."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.clusters import cluster_key
from contracts.envelope import Event
from contracts.gpu import Gpu, GpuEvent, GpuUpdate
from services.gpu import handlers
from services.gpu.chain import Ends
from services.gpu.failing import Failing
from services.gpu.sampling import Asking, Sampler
from services.gpu.schedule import SAMPLE
from services.runtime import schedules, streams
from services.runtime.due_worker import DueWorker
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.outside import Outside
from services.runtime.service import Due
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.runtime import UNTRACED
from tests.services.telemetry.collecting import Collector

ROUTE = next(route for route in handlers.service.due if route.kind == SAMPLE)
FIRST, SECOND = "GPU-1", "GPU-2"


@dataclass
class FakeCluster:
    """GPUs by node, and what its source does when it is asked."""

    nodes: dict[str, tuple[Gpu, ...]] = field(default_factory=dict[str, tuple[Gpu, ...]])
    fails: Exception | None = None
    hangs: bool = False
    scraped_at: datetime | None = None
    """When the values were measured; None: as they are asked for."""
    asked: list[Asking] = field(default_factory=list[Asking])
    meanwhile: Callable[[], Any] | None = None
    """Happens while it is asked."""

    async def sample(self, asking: Asking) -> list[GpuUpdate]:
        self.asked.append(asking)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails
        return [
            gpu_update(
                cluster_id=asking.cluster.id,
                node_name=node,
                gpus=gpus,
                source_reason=asking.reason,
                interval_seconds=asking.interval,
                sampled_at=self.scraped_at or asking.now,
                error=None if gpus else "driver mismatch",
            )
            for node, gpus in self.nodes.items()
        ]


@dataclass
class Hub:
    """A worker, a cluster, and what is stored and told of it."""

    collector: Collector
    fake: FakeCluster
    cluster_id: UUID

    def store(self, command_id: UUID | None = None) -> Store:
        made = self.collector
        context = builders.context(command_id=command_id or new_id())
        return Store(made.log, context, made.clock.now(), made.settings, made.outside)

    async def sample(self, command_id: UUID | None = None, body: bytes | None = None) -> None:
        """It is due; with the same ``command_id`` the same message comes again."""
        told = body if body is not None else (await self.rule() or "").encode()
        due = Due(str(self.cluster_id), told, self.collector.clock.now())
        await handlers.sample(due, self.store(command_id))

    def later(self, seconds: float = 15) -> None:
        """Time passes."""
        self.collector.clock.ahead += seconds

    def worker(self) -> DueWorker:
        made = self.collector
        return DueWorker(
            "gpu", ROUTE, made.log.bus, made.log, made.settings, UNTRACED, made.outside
        )

    async def samples(self) -> list[GpuUpdate]:
        """All that is stored of the cluster, in order."""
        subject = f"tel.gpu.{self.cluster_id}.>"
        query = {"seq": 1, "batch": 1_000, "next_by_subj": subject}
        stored = await self.collector.log.bus.get_many(streams.TELEMETRY, query)
        return [GpuUpdate.model_validate_json(each.data) for each in stored]

    async def events(self) -> list[GpuEvent]:
        """All that is told of its GPUs, in order."""
        log = self.collector.log
        query = {"seq": 1, "batch": 1_000, "next_by_subj": f"evt.{self.cluster_id}.gpu.>"}
        stored = await log.bus.get_many(streams.EVENTS, query)
        found = [log.catalog.decode(each.headers["ce-type"], each.data) for each in stored]
        return [event for event in found if isinstance(event, GpuEvent)]

    async def names(self) -> list[str]:
        """The types of these events."""
        return [event.names.token for event in await self.events()]

    async def rule(self) -> str | None:
        return await schedules.scheduled(self.collector.log.bus, SAMPLE, str(self.cluster_id))

    async def append(self, event: Event) -> None:
        """Something happens to the cluster."""
        log = self.collector.log
        last = await log.head(event.key)
        head = NOTHING if last is None else Head(last.sequence, last.version or 0)
        context = builders.context(command_id=new_id())
        await log.append([event], {event.key: head}, context, builders.at())

    async def update(self, **changes: Any) -> None:
        """Change the registration."""
        assert await self.collector.log.head(cluster_key(self.cluster_id)) is not None
        await self.append(builders.updated(id=self.cluster_id, **changes))

    async def discovered(self, *, gpus: bool) -> None:
        """Discovery has found GPUs, or none."""
        found = builders.capabilities(has_gpu_nodes=gpus)
        await self.append(
            builders.capabilities_changed(cluster_id=self.cluster_id, capabilities=found)
        )


def another_process(hub: Hub, monkeypatch: Any) -> None:
    """What this one remembers is forgotten."""
    monkeypatch.setattr(handlers, "_sampler", Sampler(hub.fake.sample, hub.fake.sample))
    monkeypatch.setattr(handlers, "_ends", Ends())
    monkeypatch.setattr(handlers, "_failing", Failing())


@asynccontextmanager
async def sampling_hub(log: Any, settings: Settings, monkeypatch: Any) -> AsyncGenerator[Hub]:
    """A cluster of which discovery knows GPUs: one node with two."""
    outside = Outside(settings, "test")
    collector = Collector(log, settings, outside)
    cluster_id = await collector.cluster("http://127.0.0.1:1")
    fake = FakeCluster({"node-1": two()})
    hub = Hub(collector, fake, cluster_id)
    await hub.discovered(gpus=True)
    another_process(hub, monkeypatch)
    yield hub
    await outside.close()


def two(**changes: Any) -> tuple[Gpu, Gpu]:
    """Two GPUs; ``changes`` are those of the first."""
    return gpu(**({"uuid": FIRST} | changes)), gpu(uuid=SECOND, index=1)


def temperatures(samples: Sequence[GpuUpdate]) -> list[float | None]:
    """Of the first GPU of each sample."""
    return [each.gpus[0].temperature_celsius for each in samples]
