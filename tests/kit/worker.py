"""A worker of the tests' own beside those of the platform: what it is given, when, and its end."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.clusters import RotateCredentials, UploadCredentials
from contracts.envelope import Event
from contracts.subjects import EntityKey
from services.runtime import process, streams
from services.runtime.answers import Ack, Outgoing
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.process import Runtime
from services.runtime.service import Due
from services.runtime.settings import Settings
from services.runtime.store import Store
from services.runtime.vault.references import for_cluster
from tests.kit import builders
from tests.kit.gateway import Platform
from tests.kit.runtime import eventually

Step = Callable[[], Awaitable[None]]


class Killed(Exception):
    """The worker has died."""


@dataclass
class Fated(EventLog):
    """A log whose user meets something at its first append: before it, or after it."""

    before: Step | None = None
    after: Step | None = None

    async def _publish(self, messages: Sequence[Outgoing]) -> Ack:
        if self.before is not None:
            await self.before()
        ack = await super()._publish(messages)
        if self.after is not None:
            await self.after()
        return ack


async def dies() -> None:
    """What can happen to a worker."""
    raise Killed


@dataclass
class Worker:
    """Calls handlers as a worker does, with connections and a wallet of its own."""

    runtime: Runtime
    clock: SystemClock = field(default_factory=SystemClock)

    def store(
        self,
        command_id: UUID | None = None,
        *,
        at: datetime | None = None,
        before: Step | None = None,
        after: Step | None = None,
    ) -> Store:
        """What a handler is given; ``before`` and ``after`` its first append something happens."""
        log = Fated(self.runtime.bus, self.runtime.log.facts_age, before=before, after=after)
        context = builders.context(command_id=command_id or new_id())
        now = at or self.clock.now()
        return Store(log, context, now, self.runtime.settings, self.runtime.outside)

    async def reference(self, cluster_id: str, body: Any, at: datetime | None = None) -> str:
        """A reference to material for a cluster, as the gateway lays it down."""
        references = await self.runtime.outside.references()
        material = json.dumps(body).encode()
        now = at or self.clock.now()
        return await references.deposit(material, for_cluster(UUID(cluster_id)), now)

    async def upload(self, cluster_id: str, body: Any) -> UploadCredentials:
        """The command that gives a cluster credentials."""
        reference = await self.reference(cluster_id, body)
        return UploadCredentials(cluster_id=UUID(cluster_id), reference=reference)

    async def rotation(self, cluster_id: str, body: Any) -> RotateCredentials:
        """The command that replaces parts of them."""
        reference = await self.reference(cluster_id, body)
        return RotateCredentials(cluster_id=UUID(cluster_id), reference=reference)

    def due(self, cluster_id: str) -> Due:
        """Something is due for a cluster."""
        return Due(cluster_id, b"{}", self.clock.now())


@asynccontextmanager
async def working(settings: Settings) -> AsyncGenerator[Worker]:
    """A worker for the time of a block."""
    runtime = await process.start("test-worker", settings)
    try:
        yield Worker(runtime)
    finally:
        await runtime.close()


async def told(platform: Platform, key: EntityKey) -> list[Event]:
    """Every event of an entity, in order."""
    log = platform.gate.log
    query = {"seq": 1, "batch": 1000, "next_by_subj": key.filter}
    stored = await log.bus.get_many(streams.EVENTS, query)
    return [log.catalog.decode(each.headers["ce-type"], each.data) for each in stored]


async def come_due(platform: Platform, kind: str, cluster_id: str) -> None:
    """Let something be due now, and wait until the platform's workers have seen to it."""
    bus = platform.gate.runtime.bus
    ack = await bus.publish(f"due.{kind}.{cluster_id}", b"{}", {"Nats-TTL": "60s"})

    async def done() -> bool:
        found = await bus.api(f"CONSUMER.INFO.{streams.SCHEDULES}.due_{kind}")
        reached = found["delivered"]["stream_seq"] >= ack.seq
        return reached and not found["num_ack_pending"] and not found["num_pending"]

    await eventually(done)
