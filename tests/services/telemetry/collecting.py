"""A collector and its clusters: registered in the log, with backends that the test chooses."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from contracts.clusters import Checked, cluster_key
from contracts.refusals import Code, Refused
from contracts.telemetry import Budget, DescribeMetrics, QueryMetrics
from services.runtime.backends.backend import backend_of
from services.runtime.backends.bodies import Found
from services.runtime.backends.prometheus import Prometheus
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog
from services.runtime.outside import Outside
from services.runtime.replies import Asked, Reply
from services.runtime.settings import Settings
from services.runtime.vault.logins import Login, Logins
from tests.kit import builders
from tests.runtime.outbound.origins import Origin, Talk, serving


@dataclass
class Later(SystemClock):
    """The machine's clock, set forward by so many seconds."""

    ahead: float = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@dataclass
class Collector:
    """What handlers of one process work with."""

    log: EventLog
    settings: Settings
    outside: Outside
    clock: Later = field(default_factory=Later)

    def __post_init__(self) -> None:
        self.outside.clock = self.clock

    async def cluster(self, url: str, *, kind: str = "SPOKE", **endpoints: str) -> UUID:
        """A new cluster with a Prometheus."""
        cluster_id = new_id()
        told: Mapping[str, str] = {"prometheus_url": url, **endpoints}
        event = builders.registered(id=cluster_id, endpoints=told, cluster_type=kind)
        context = builders.context(command_id=new_id())
        await self.log.append([event], {cluster_key(cluster_id): NOTHING}, context, builders.at())
        return cluster_id

    async def login(self, cluster_id: UUID, which: Checked, login: Login) -> None:
        """Give the cluster a login to one backend."""
        logins = Logins(None, {which: login})
        await (await self.outside.vault()).replace(cluster_id, logins.materials())
        told = builders.credentials_updated(
            cluster_id=cluster_id, credentials=builders.credentials(fingerprint=new_id().hex)
        )
        context = builders.context(command_id=new_id())
        await self.log.append([told], {told.key: NOTHING}, context, builders.at())

    def asked(self, cluster_id: UUID | str, seconds: float = 10.0) -> Asked:
        """A question about a cluster, of which nobody hears the answer."""
        reply = Reply(self.log.bus, "nobody.hears.it")
        return Asked(str(cluster_id), seconds, self.log, self.settings, self.outside, reply)

    async def query(
        self, cluster_id: UUID, asked: QueryMetrics | None = None, seconds: float = 10.0
    ) -> Found:
        """Evaluate PromQL there."""
        query = asked or QueryMetrics(query="up")
        about = self.asked(cluster_id, seconds)
        async with backend_of(about, Checked.PROMETHEUS, query.budget) as backend:
            return await Prometheus(backend, query.budget.series).query(query)

    async def describe(self, cluster_id: UUID, asked: DescribeMetrics) -> Found:
        """Ask what its Prometheus knows."""
        about = self.asked(cluster_id)
        async with backend_of(about, Checked.PROMETHEUS, asked.budget) as backend:
            return await Prometheus(backend, asked.budget.series).describe(asked)

    async def refusal(
        self, cluster_id: UUID, asked: QueryMetrics | None = None, seconds: float = 10.0
    ) -> Refused:
        """Why it does not answer."""
        try:
            found = await self.query(cluster_id, asked, seconds)
        except Refused as refused:
            return refused
        raise AssertionError(f"it has answered: {bytes(found.data)[:200]!r}")

    async def refused(self, url: str, code: Code, *texts: str, seconds: float = 10.0) -> Refused:
        """The refusal of a new cluster whose Prometheus is there, which must be this one."""
        refused = await self.refusal(await self.cluster(url), seconds=seconds)
        assert refused.code is code, (refused.code, refused.message)
        for text in texts:
            assert text in refused.message, refused.message
        assert refused.message.isprintable()
        return refused


@dataclass
class Asking:
    """A server, and the bodies of what it was asked."""

    origin: Origin
    forms: list[str]


@asynccontextmanager
async def prometheus(talk: Talk) -> AsyncGenerator[Asking]:
    """A server that reads a request with its body, then talks."""
    forms: list[str] = []
    origins: list[Origin] = []

    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int(origins[0].header("content-length") or 0)
        forms.append((await reader.readexactly(size)).decode())
        await talk(reader, writer)

    async with serving(whole) as origin:
        origins.append(origin)
        yield Asking(origin, forms)


def vector(*series: object, **more: object) -> bytes:
    """A good answer to an instant query."""
    data = {"resultType": "vector", "result": series}
    return msgspec.json.encode({"status": "success", "data": data, **more})


def sample(value: str = "1", **labels: str) -> object:
    """One series of a vector."""
    return {"metric": {"__name__": "up", **labels}, "value": [1_700_000_000.123, value]}


def small(**budget: int) -> QueryMetrics:
    """A question with a budget."""
    return QueryMetrics(query="up", budget=Budget(**budget))
