"""A collector's worker on the bus, and a simulated cluster that it reaches over TLS with tokens."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from contracts.clusters import Checked
from contracts.envelope import Query
from contracts.refusals import Code, Refused
from deploy.simulator.cluster import Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from services.runtime.answering import Answering
from services.runtime.asking import Asker, Place
from services.runtime.service import QueryHandler
from services.runtime.vault.logins import Login, origin_of
from tests.deploy.simulator.reaching import with_trait
from tests.kit.runtime import UNTRACED, running
from tests.runtime.outbound.origins import Origin, Talk, answer, says, serving
from tests.services.telemetry.collecting import Collector

Routes = dict[type[Query], QueryHandler]
Json = dict[str, Any]

FAULTY = {
    "html": (answer(b"<!doctype html><html>log in</html>"), Code.UPSTREAM_FAILED),
    "truncated": (answer(b'{"status":"success","data":{"resu'), Code.UPSTREAM_FAILED),
    "wrong shape": (
        answer(b'{"status":"success","data":{"x":1}}'),
        Code.UPSTREAM_FAILED,
    ),
    "an array": (answer(b"[]"), Code.UPSTREAM_FAILED),
    "no UTF-8": (answer(b'{"status":"success","traces":[],"data":["\xff"]}'), Code.UPSTREAM_FAILED),
    "deep": (answer(b'{"traces":' + b"[" * 15_000), Code.UPSTREAM_FAILED),
    "500": (answer(b"oops", "500 Internal Server Error"), Code.UPSTREAM_FAILED),
    "503": (answer(b"", "503 Service Unavailable"), Code.UPSTREAM_FAILED),
    "504": (answer(b"", "504 Gateway Timeout"), Code.QUERY_TIMEOUT),
    "404": (answer(b"404 page not found", "404 Not Found"), Code.UPSTREAM_FAILED),
    "302": (answer(b"", "302 Found", "Location: https://login.test/"), Code.UPSTREAM_FAILED),
    "401": (answer(b"", "401 Unauthorized"), Code.CREDENTIALS_INVALID),
    "429": (answer(b"", "429 Too Many Requests", "Retry-After: 7"), Code.RATE_LIMITED),
    "huge": (answer(b" " * 40_000), Code.LIMIT_REACHED),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", Code.UPSTREAM_FAILED),
    "broken off": (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", Code.CLUSTER_UNREACHABLE),
}
"""Answers that no backend should give, and what is then told; ask with a budget of 20,000 bytes."""


def ill(how: str) -> Talk:
    """Gives such an answer; ends the connection where that belongs to it."""
    talk = says(FAULTY[how][0])

    async def cut(reader: Any, writer: Any) -> None:
        await talk(reader, writer)
        writer.close()

    return cut if how in {"broken off", "not HTTP"} else talk


@dataclass
class Asks:
    """Somebody who asks about a cluster."""

    asker: Asker
    cluster_id: UUID
    simulated: RunningCluster | None = None

    @property
    def place(self) -> Place:
        return Place("hub", str(self.cluster_id))

    async def whole(self, query: Query, seconds: float = 10.0) -> tuple[Any, Json]:
        """The parts put together, as JSON, and what is said of the whole."""
        async with self.asker.ask(self.place, query, seconds=seconds) as told:
            body = b"".join([part async for part in told])
        return json.loads(body), told.trailer

    async def refused(self, query: Query, seconds: float = 10.0) -> Refused:
        """Why there is no answer; in words that may be shown."""
        with pytest.raises(Refused) as told:
            await self.whole(query, seconds)
        refused = told.value
        assert refused.message.isprintable()
        assert len(refused.message) < 700
        return refused


@asynccontextmanager
async def simulated(
    collector: Collector, routes: Routes, which: Checked, *, token: str | None = None
) -> AsyncGenerator[Asks]:
    """The first cluster with such a backend that wants a token, registered with its login."""
    part = Part(which.value.lower())
    async with simulating(Fleet.make(12, seed=7), Options(bad_tls=False)) as fleet:
        cluster = with_trait(fleet, lambda each: (one := each.backend(part)) and one.token)
        cluster_id = await _registered(collector, which, fleet, cluster, token)
        async with answering(collector, routes) as asker:
            yield Asks(asker, cluster_id, cluster)


async def _registered(
    collector: Collector,
    which: Checked,
    fleet: Running,
    cluster: RunningCluster,
    token: str | None,
) -> UUID:
    part = Part(which.value.lower())
    url = cluster.backend_url(part)
    assert url is not None
    cluster_id = await collector.cluster("https://nowhere.test", **{f"{part.value}_url": url})
    known = Login(
        origin=origin_of(url),
        token=token or cluster.backend_token(part),
        ca=fleet.authority.pem.decode(),
    )
    await collector.login(cluster_id, which, known)
    return cluster_id


@asynccontextmanager
async def behind(
    collector: Collector, routes: Routes, which: Checked, talk: Talk, tenant: str | None = None
) -> AsyncGenerator[tuple[Asks, Origin]]:
    """A cluster whose backend talks so."""
    async with serving(talk) as origin, answering(collector, routes) as asker:
        url = f"{origin.url()}/prefix/"
        endpoint = {f"{which.value.lower()}_url": url}
        cluster_id = await collector.cluster("https://nowhere.test", **endpoint)
        if tenant is not None:
            login = Login(origin=origin_of(url), token="its-token", tenant=tenant)
            await collector.login(cluster_id, which, login)
        yield Asks(asker, cluster_id), origin


@asynccontextmanager
async def answering(collector: Collector, routes: Routes) -> AsyncGenerator[Asker]:
    """A worker of the collector for the time of a block."""
    bus = collector.log.bus
    worker = Answering(
        "hub",
        "test",
        routes,
        bus,
        collector.log,
        collector.settings,
        UNTRACED,
        collector.outside,
    )
    async with running(worker.run):
        await bus.client.flush()
        yield Asker(bus)
