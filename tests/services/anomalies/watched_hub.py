"""A worker that asks a cluster's Prometheus, whose answers a test chooses, what is watched."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from contracts.anomalies import DefineWatch, MetricUpdate, RemoveWatch, Watch
from contracts.clusters import cluster_key
from contracts.envelope import Event
from services.anomalies import handlers, watching
from services.anomalies.schedule import WATCHES
from services.runtime import schedules, streams
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.outside import Outside
from services.runtime.principals import EVERYWHERE
from services.runtime.service import Due
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.anomaly_builders import watch
from tests.runtime.outbound.origins import answer
from tests.services.telemetry.collecting import Asking, Collector, prometheus, vector


@dataclass
class FakePrometheus:
    """What it says to every query."""

    body: bytes = field(default_factory=vector)
    status: str = "200 OK"
    meanwhile: Callable[[], Awaitable[Any]] | None = None
    """Happens while it is asked."""

    async def talk(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()
        writer.write(answer(self.body, self.status))
        await writer.drain()


@dataclass
class Hub:
    """A worker, a cluster, and what is stored of it."""

    collector: Collector
    fake: FakePrometheus
    asking: Asking
    cluster_id: UUID

    def store(self) -> Store:
        made = self.collector
        context = builders.context(command_id=new_id())
        return Store(made.log, context, made.clock.now(), made.settings, made.outside, EVERYWHERE)

    async def define(self, **changes: Any) -> Watch:
        """Watch something; the cluster hears of it."""
        wanted = watch(**({"cluster_ids": (self.cluster_id,)} | changes))
        await handlers.define_watch(DefineWatch(watch=wanted), self.store())
        return wanted

    async def remove(self, watch_id: str) -> None:
        await handlers.remove_watch(RemoveWatch(watch_id=watch_id), self.store())

    async def due(self, due: Due | None = None) -> Due:
        """It is due by its schedule; with ``due`` the same message comes again."""
        told = due or await self.due_now()
        await watching.ask_watches(told, self.store())
        return told

    async def due_now(self) -> Due:
        """What the bus would say now."""
        rule = (await self.rule() or "").encode()
        return Due(str(self.cluster_id), rule, self.collector.clock.now())

    async def told(self, event: Event) -> None:
        """The service hears of what has happened last."""
        last = await self.collector.log.head(event.key)
        assert last is not None
        await watching.wake_clusters(last, self.store())

    async def woken(self) -> None:
        """What it was woken for is done."""
        subject = {"last_by_subj": f"due.{WATCHES}.{self.cluster_id}"}
        stored = await self.collector.log.bus.get(streams.SCHEDULES, subject)
        assert stored is not None
        due = Due(str(self.cluster_id), stored.data, self.collector.clock.now())
        await watching.ask_watches(due, self.store())

    def later(self, seconds: float = 60) -> None:
        """Time passes."""
        self.collector.clock.ahead += seconds

    async def updates(self, watch_id: str = "*") -> list[MetricUpdate]:
        """All that is stored of the cluster, in order."""
        query = {"seq": 1, "batch": 1_000, "next_by_subj": "tel.metric.>"}
        stored = await self.collector.log.bus.get_many(streams.TELEMETRY, query)
        found = [MetricUpdate.model_validate_json(each.data) for each in stored]
        return [each for each in found if watch_id in {"*", each.watch_id}]

    async def rule(self) -> str | None:
        return await schedules.scheduled(self.collector.log.bus, WATCHES, str(self.cluster_id))

    def queries(self) -> list[str]:
        """What was asked, in order."""
        return [parse_qs(form)["query"][0] for form in self.asking.forms]

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
        values: dict[str, Any] = {"endpoints": {"prometheus_url": self.asking.origin.url()}}
        await self.append(builders.updated(id=self.cluster_id, **(values | changes)))


@asynccontextmanager
async def watching_hub(log: Any, settings: Settings) -> AsyncGenerator[Hub]:
    """A cluster with a Prometheus, in which nothing is watched."""
    outside = Outside(settings, "test")
    collector, fake = Collector(log, settings, outside), FakePrometheus()
    async with prometheus(fake.talk) as asking:
        cluster_id = await collector.cluster(asking.origin.url())
        yield Hub(collector, fake, asking, cluster_id)
    await outside.close()
