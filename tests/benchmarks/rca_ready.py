"""From an incident that opens to its root cause, both as they stand in the log."""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from contracts.catalog import CATALOG
from contracts.incidents import IncidentOpened, IncidentUpdated
from contracts.rca import RcaComplete, RcaResult
from services.runtime import bus as buses, streams
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.following import event_of
from services.runtime.ids import new_id
from services.runtime.replay import Replay, Window, event_filters
from services.runtime.settings import NatsSettings, Settings
from tests.benchmarks.client import Address
from tests.benchmarks.kit import Figure, Options, at_most, by_part, log, median, percentile
from tests.benchmarks.platform import Platform, event_log, platform, registration
from tests.kit.embedded import running_nats

_BENCH = "rca_ready"
PODS = 19
"""That run on a node which fails."""
_PAUSE = 1.0
"""Seconds between the alerts of one incident and those of the next."""
_PATIENCE = 120.0
_RAW = 200


@dataclass
class Seen:
    """When incidents opened, and when their first cause was found, by the log."""

    clusters: set[UUID] = field(default_factory=set[UUID])
    """That an incident is about."""
    opened: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    analysed: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    first: set[str] = field(default_factory=set[str])
    """Places of the first causes."""
    results: list[RcaResult] = field(default_factory=list[RcaResult])
    """All that was found of them."""

    def whole(self, clusters: int) -> bool:
        """True once each cluster has an incident, and each incident a cause."""
        return len(self.clusters) >= clusters and self.opened.keys() <= self.analysed.keys()

    @property
    def seconds(self) -> list[float]:
        """Of each incident, from the one to the other."""
        both = self.opened.keys() & self.analysed.keys()
        return [(self.analysed[each] - self.opened[each]).total_seconds() for each in both]


async def measure(options: Options) -> list[Figure]:
    """Nodes that fail in one cluster after the other, each with what ran on it."""
    count = options.pick(30, 4)
    raw = await _raw(options.pick(_RAW, 20))
    with platform() as running:
        clusters = {number: await register(running.address, number) for number in range(count)}
        seen, spent = await failing(running, clusters, options.pick(15.0, 3.0))
    return _figures(seen, count, raw, spent)


async def failing(
    running: Platform, clusters: Mapping[int, str], rest: float, pause: float = _PAUSE
) -> tuple[Seen, dict[str, float]]:
    """A node fails in each of these clusters, by their numbers, until all causes are looked for.

    What is seen, and the seconds of CPU of each part beyond what it uses at rest, which is measured
    for so many seconds before.
    """
    idle = running.cpu.measured()
    await asyncio.sleep(rest)
    at_rest = _per_second(idle(), rest)
    used, began = running.cpu.measured(), time.perf_counter()
    for number, cluster in clusters.items():
        await _fail(running.address, cluster, number)
        await asyncio.sleep(pause)
    async with running.bus() as bus:
        seen = await _until_analysed(bus, list(clusters.values()))
    took = time.perf_counter() - began
    return seen, {part: each - at_rest[part] * took for part, each in used().items()}


async def register(address: Address, number: int, **changes: Any) -> str:
    """A cluster; its id."""
    body = registration(f"ready-{number}") | changes
    answer = await address.once("POST", "/api/v1/clusters/", body)
    if answer.status != 201:
        raise RuntimeError(f"no cluster: {answer}")
    return msgspec.json.decode(answer.body)["id"]


async def _fail(address: Address, cluster: str, number: int) -> None:
    """A node and its pods, in one post; by other names each time, or they were one incident."""
    name = f"worker-{number}"
    now = SystemClock().now().isoformat()
    node = {"alertname": f"KubeNodeNotReady{number}", "severity": "critical", "node": name}
    pods = [
        {"alertname": f"KubePodNotReady{number}", "severity": "warning", "node": name}
        | {"namespace": f"team-{number}-{pod}", "pod": f"app{number}-7d9c6f5b8-{pod:05}"}
        for pod in range(PODS)
    ]
    alerts = [
        {"status": "firing", "labels": each, "annotations": {}, "startsAt": now,
         "endsAt": "0001-01-01T00:00:00Z", "fingerprint": new_id().hex[-16:]}
        for each in (node, *pods)
    ]  # fmt: skip
    body = {"version": "4", "status": "firing", "alerts": alerts}
    answer = await address.once("POST", f"/api/v1/alerts/webhook/{cluster}", body)
    if answer.status >= 300:
        raise RuntimeError(f"no alerts: {answer}")


async def _until_analysed(bus: Bus, clusters: Sequence[str]) -> Seen:
    """What the log says, once each cluster has an incident and each of these a cause."""
    deadline = time.monotonic() + _PATIENCE
    while not (seen := await _seen(bus, clusters)).whole(len(clusters)):
        if time.monotonic() > deadline:
            log(f"{len(seen.opened)} incidents, of which {len(seen.analysed)} were analysed")
            break
        await asyncio.sleep(2.0)
    return seen


async def _seen(bus: Bus, clusters: Sequence[str]) -> Seen:
    mine, seen = {UUID(each) for each in clusters}, Seen()
    filters = event_filters(types=(IncidentOpened, IncidentUpdated, RcaComplete))
    async with Replay(event_log(bus), Window(), filters) as replay:
        while page := await replay.take():
            for each in (event_of(CATALOG, delivery) for delivery in page):
                match each.event:
                    case IncidentOpened() | IncidentUpdated():
                        told = each.event.incident
                        if mine.isdisjoint(told.cluster_ids):
                            continue
                        seen.clusters |= mine.intersection(told.cluster_ids)
                        seen.opened.setdefault(told.id, each.logged_at)
                    case RcaComplete(result=found) if found.trigger_id in seen.opened:
                        seen.analysed.setdefault(found.trigger_id, each.logged_at)
                        seen.results.append(found)
                        seen.first |= {cause.entity.place for cause in found.causes[:1]}
                    case _:
                        continue
    return seen


async def _raw(count: int) -> float:
    """Seconds to append one event to a bare NATS and to read it."""
    body, taken = b"{" + b" " * 4000 + b"}", list[float]()
    with tempfile.TemporaryDirectory() as directory, running_nats(Path(directory)) as server:
        settings = Settings(nats=NatsSettings(url=server.url))
        bus = await buses.connect(settings.nats, "benchmark")
        try:
            await streams.ensure(bus, settings)
            for number in range(count):
                began = time.perf_counter()
                headers = {"Nats-Msg-Id": str(new_id())}
                told = await bus.publish(f"evt.-.bench.{number}.happened", body, headers)
                await bus.get(streams.EVENTS, {"seq": told.seq})
                taken.append(time.perf_counter() - began)
        finally:
            await bus.close()
    return median(taken)


def _per_second(used: Mapping[str, float], seconds: float) -> dict[str, float]:
    return {part: each / seconds for part, each in used.items()}


def _figures(seen: Seen, count: int, raw: float, spent: Mapping[str, float]) -> list[Figure]:
    late = seen.seconds
    p50, p95, longest = (percentile(late, share) for share in (0.5, 0.95, 1.0))
    log(
        f"{len(late)} incidents: p50 {p50:.3f} s, p95 {p95:.3f} s, max {longest:.3f} s;"
        f" raw {raw * 1000:.2f} ms, p50 is {p50 / raw:,.0f} times that;"
        f" first causes: {', '.join(sorted(seen.first))}"
    )
    each = sum(spent.values()) / max(len(late), 1)
    note = f"p50 {p50:.3f} s, max {longest:.3f} s; raw: one event appended and read"
    about = f"{len(late)} incidents of {len(seen.clusters)} of {count} clusters"
    return [
        Figure(
            _BENCH, "opened to cause, p95", p95 * 1000, "ms", (at_most(5000),), raw * 1000, note
        ),
        Figure(_BENCH, "opened to cause, p50", p50 * 1000, "ms", (), raw * 1000, about),
        Figure(
            _BENCH,
            "CPU of an incident",
            each,
            "s",
            (at_most(2),),
            note=f"with its {PODS + 1} alerts, beyond that at rest: "
            + by_part(spent, 1000 / max(len(late), 1), " ms"),
        ),
    ]
