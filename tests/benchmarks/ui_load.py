"""A large fleet for the web UI to show: registered by REST, lively as services write the log."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import msgspec

from contracts.alerts import AlertFired, AlertResolved
from contracts.clusters import ClusterState, ClusterStatus, ClusterStatusChanged
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.log import NOTHING, Conflict, EventLog, Head
from tests.benchmarks import material
from tests.benchmarks.kit import log
from tests.benchmarks.load import closed_loop
from tests.benchmarks.platform import Platform, context, event_log, registration

_REGIONS = ("eu-central", "eu-west", "us-east", "ap-south")
_TYPES = ("HUB", "SPOKE", "EDGE", "FAR_EDGE")
_APPENDED_AT_ONCE = 500
_WRITES_A_SECOND = 10


async def register(running: Platform, count: int) -> list[UUID]:
    """So many clusters of different kinds, without anything that could be asked; their ids."""
    requests = [
        running.address.request("POST", "/api/v1/clusters/", _body(n)) for n in range(count)
    ]
    found = await closed_loop(running.address, requests.__getitem__, width=16, count=count)
    if found.refused:
        raise RuntimeError(f"not registered: {found.refused[0]}")
    log(f"{count:,} clusters registered in {found.seconds:.0f} s")
    return [row[0] for row in running.ask("select id from fleet.cluster order by id")]


def _body(number: int) -> bytes:
    told = registration(f"cluster-{number:04d}") | {
        "cluster_type": _TYPES[number % len(_TYPES)],
        "region": _REGIONS[number % len(_REGIONS)],
    }
    del told["endpoints"]
    return msgspec.json.encode(told)


async def fire(bus: Bus, clusters: list[UUID], numbers: range) -> int:
    """Append alerts of these numbers, spread over all clusters, as their service does; the last
    sequence."""
    written, last = event_log(bus), 0
    reports = [material.Report(number, resolved=False) for number in numbers]
    for part in material.posts(reports, _APPENDED_AT_ONCE):
        events = [(_of(material.event(each), clusters), NOTHING) for each in part]
        for answer in await written.append_each(events, context(), SystemClock().now()):
            if isinstance(answer, Exception):
                raise answer
            last = answer
    log(f"{len(numbers):,} alerts in the log")
    return last


def _of(event: AlertFired | AlertResolved, clusters: list[UUID]) -> AlertFired | AlertResolved:
    alert = event.alert
    cluster = clusters[int(alert.fingerprint, 16) % len(clusters)]
    return event.model_copy(update={"alert": alert.model_copy(update={"cluster_id": cluster})})


@dataclass
class Bustle:
    """Clusters that change their state, at a steady rate."""

    log: EventLog
    clusters: list[UUID]
    written: int = 0
    _heads: dict[UUID, Head] = field(default_factory=dict[UUID, Head])
    _states: dict[UUID, ClusterState] = field(default_factory=dict[UUID, ClusterState])
    _chance: Random = field(default_factory=lambda: Random(7))

    async def run(self, rate: float) -> None:
        """Until cancelled."""
        began = time.perf_counter()
        for turn in itertools.count(1):
            await self._change(round(rate / _WRITES_A_SECOND))
            early = began + turn / _WRITES_A_SECOND - time.perf_counter()
            await asyncio.sleep(max(0.0, early))

    async def _change(self, count: int) -> None:
        events = [self._next(each) for each in self._chance.sample(self.clusters, count)]
        changes = [(each, self._heads.get(each.cluster_id, NOTHING)) for each in events]
        answers = await self.log.append_each(changes, context(), SystemClock().now())
        for event, answer in zip(events, answers, strict=True):
            match answer:
                case int():
                    self._heads[event.cluster_id] = Head(answer)
                    self._states[event.cluster_id] = event.new_state
                    self.written += 1
                case Conflict():
                    # A health check of the platform's own came first.
                    head = await self.log.head(event.key)
                    self._heads[event.cluster_id] = Head(head.sequence) if head else NOTHING
                case _:
                    raise answer

    def _next(self, cluster: UUID) -> ClusterStatusChanged:
        old = self._states.get(cluster, ClusterState.PROVISIONING)
        known = (ClusterState.ONLINE, ClusterState.DEGRADED, ClusterState.OFFLINE)
        new = self._chance.choice([each for each in known if each is not old])
        score = {ClusterState.ONLINE: 100, ClusterState.DEGRADED: 60}.get(new, 0)
        there = new is not ClusterState.OFFLINE
        error = None if new is ClusterState.ONLINE else "the API server answered 503"
        status = ClusterStatus(
            state=new, health_score=score, api_server_healthy=there, last_error=error
        )
        return ClusterStatusChanged(
            cluster_id=cluster,
            old_state=old,
            new_state=new,
            health_score=score,
            reason=error or "all checks are well",
            status=status,
            recent=(there,) * 5,
        )


@asynccontextmanager
async def bustle(bus: Bus, clusters: list[UUID], rate: float) -> AsyncGenerator[Bustle]:
    """So many changes of state a second for the time of a block."""
    found = Bustle(event_log(bus), clusters)
    began = time.perf_counter()
    running = asyncio.create_task(found.run(rate))
    try:
        yield found
    finally:
        ended = running.done()
        running.cancel()
        await asyncio.wait([running])
        reached = found.written / (time.perf_counter() - began)
        log(f"{reached:,.0f} changes of state a second were written")
        if ended:
            running.result()
