"""How the simulator's tests ask its backends: at a time that stands still."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from deploy.simulator.cluster import Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from services.runtime.clock import SystemClock
from tests.deploy.simulator.reaching import Clients, with_trait

Json = dict[str, Any]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_S = int(NOON.timestamp())
NOON_NS = NOON_S * 1_000_000_000


@dataclass
class Set(SystemClock):
    """A clock that shows what it was set to."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Told:
    """A served fleet, a cluster of it, and a client of one of its backends."""

    running: Running
    cluster: RunningCluster
    http: httpx.AsyncClient
    clock: Set

    async def get(self, path: str, **params: object) -> Json:
        """A good answer."""
        answer = await self.http.get(path, params={k: str(v) for k, v in params.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, path: str, code: int = 400, /, **params: object) -> str:
        """The text of an answer that says no."""
        answer = await self.http.get(path, params={k: str(v) for k, v in params.items()})
        assert answer.status_code == code, answer.text
        return answer.text


@asynccontextmanager
async def telling(part: Part, *, clock: Set | None = None, seed: int = 7) -> AsyncGenerator[Told]:
    """The first cluster that has such a backend, at noon."""
    chosen = clock or Set()
    options = Options(bad_tls=False, clock=chosen)
    async with simulating(Fleet.make(12, seed=seed), options) as running:
        clients = Clients(running)
        cluster = with_trait(running, lambda each: each.backend(part) and each.pods("shop"))
        try:
            yield Told(running, cluster, clients.backend(cluster, part), chosen)
        finally:
            await clients.close()
