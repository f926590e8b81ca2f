"""Everything at once: 1,000 clusters, 10,000 GPUs, 1,000 alerts a minute, 200 clients that look."""

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psutil

from deploy.local.ports import free_port
from tests.benchmarks import material
from tests.benchmarks.fleet import bodies, enrol, quiet
from tests.benchmarks.gpu import settled
from tests.benchmarks.gpu_fleet import CLUSTERS as WITH_GPUS, Source, gpu_fleet
from tests.benchmarks.kit import Figure, Options, at_most, by_part, log, memory_mb, percentile
from tests.benchmarks.live_load import Load, crowd
from tests.benchmarks.load import Outcome, connections, open_loop
from tests.benchmarks.platform import Platform, platform
from tests.kit.simulator_program import simulator

_BENCH = "whole"
_CLUSTERS, _CLIENTS, _WIDTH = 1_000, 200, 16
_IN_A_POST = 10
_ALERTS_A_SECOND = 1_000 / 60
_SOURCES = 50
"""Clusters that alerts come from."""
_READS_A_SECOND = 20
_PATHS = (
    "/api/v1/fleet/summary",
    "/api/v1/clusters/?page_size=20",
    "/api/v1/clusters/?state=ONLINE&sort=-health_score",
    "/api/v1/alerts?page_size=50",
    "/api/v1/alerts?severity=CRITICAL&page_size=50",
    "/api/v1/alerts/facets",
    "/api/v1/incidents?state=OPEN&page_size=20",
    "/api/v1/anomalies?page_size=20",
    "/api/v1/gpu/summary",
    "/api/v1/gpu/nodes?page_size=20",
    "/api/v1/events?limit=100&order=desc",
)
"""What pages of the UI read."""
_WATCHED = ("ALERT_FIRED", "ALERT_RESOLVED", "CLUSTER_STATUS_CHANGED", "INCIDENT_OPENED")


async def measure(options: Options) -> list[Figure]:
    """Fill the hub, let it settle, then watch while everything goes on."""
    clusters = options.pick(_CLUSTERS, 250)
    with (
        simulator(clusters, nodes=4, pods=20) as fleet,
        gpu_fleet(free_port()) as source,
        platform() as hub,
        crowd() as clients,
    ):
        await _filled(hub, fleet, source)
        await quiet(hub, clusters)
        await settled(hub)
        return await _watched(hub, clients, clusters, options.pick(180, 30))


async def _filled(hub: Platform, fleet: Mapping[str, Any], source: Source) -> None:
    waiting = iter([_with_gpus(each, number, source) for number, each in enumerate(bodies(fleet))])
    async with connections(hub.address, _WIDTH) as opened:
        await asyncio.gather(*(enrol(hub.address, each, waiting) for each in opened))
    # The first look for GPUs would be within five minutes.
    async with hub.bus() as bus:
        for (cluster,) in hub.ask("select id from fleet.cluster"):
            await bus.publish(f"due.gpu.{cluster}", b"{}", {"Nats-TTL": "60s"})


def _with_gpus(
    told: tuple[dict[str, Any], bytes], number: int, source: Source
) -> tuple[dict[str, Any], bytes]:
    """The first clusters have a Prometheus that knows of GPUs."""
    registration, credentials = told
    if number < WITH_GPUS:
        endpoints = registration["endpoints"] | {"prometheus_url": source.url(number)}
        registration = registration | {"endpoints": endpoints}
    return registration, credentials


async def _watched(hub: Platform, clients: Load, clusters: int, seconds: float) -> list[Figure]:
    ids = [str(row[0]) for row in hub.ask("select id from fleet.cluster order by id")]
    async with _looking(hub, clients, ids):
        used, machine = hub.cpu.measured(), psutil.cpu_times()
        posted, read = await asyncio.gather(_post(hub, ids, seconds), _read(hub, seconds))
        cpu, idle = used(), _idle_share(machine)
        told = await clients.ask("report", last=0)
    memory = {name: memory_mb(pid) for name, pid in hub.parts.items()}
    name = f"{clusters:,} clusters, 10,000 GPUs, 1,000 alerts/min, {_CLIENTS} clients"
    total = sum(cpu.values()) / seconds * 100
    late = percentile(read.latencies, 0.95) * 1e3
    note = f"p50 {percentile(read.latencies, 0.5) * 1e3:.1f}, p99"
    note += f" {percentile(read.latencies, 0.99) * 1e3:.0f} ms; {len(read.latencies):,} reads"
    seen = f"{told['events']:,} events at clients, {told['dropped']} dropped"
    log(f"{seen}; {len(posted.latencies)} posts")
    return [
        Figure(_BENCH, f"{name}: reads of the API, p95", late, "ms", (at_most(200),), note=note),
        Figure(_BENCH, "the same: posts of alerts, p95",
               percentile(posted.latencies, 0.95) * 1e3, "ms"),
        Figure(_BENCH, "the same: alert stored → client, p95", told["p95"], "ms", note=seen),
        Figure(_BENCH, "the same: CPU of all parts", total, "% of a core", (at_most(200),),
               note=by_part(cpu, 100 / seconds, " %")),
        Figure(_BENCH, "the same: cores with nothing to do, simulators beside it", idle, "%"),
        Figure(_BENCH, "the same: memory", sum(memory.values()), "MB", note=by_part(memory)),
    ]  # fmt: skip


@asynccontextmanager
async def _looking(hub: Platform, clients: Load, ids: Sequence[str]) -> AsyncGenerator[None]:
    """Half of the clients look at the fleet, half at a cluster each."""
    wanted = [{"event_types": _WATCHED}, {"cluster_filter": [random.Random(1).choice(ids)]}]
    kinds = [
        {"frame": {"type": "subscribe", "batch": True, "subscription": each}, "step": 1}
        for each in wanted
    ]
    where = {"host": hub.address.host, "port": hub.address.port, "token": hub.address.token}
    await clients.ask("open", **where, count=_CLIENTS, kinds=kinds)
    await clients.ask("mark")
    yield
    await clients.ask("close")


async def _post(hub: Platform, ids: Sequence[str], seconds: float) -> Outcome:
    """Groups of ten from fifty clusters in turn."""
    rate = _ALERTS_A_SECOND / _IN_A_POST
    requests = list(itertools.islice(_posts(hub, ids[-_SOURCES:]), int(rate * seconds)))
    return _granted((await open_loop(hub.address, requests, rate=rate))[0])


def _posts(hub: Platform, ids: Sequence[str]) -> Iterator[bytes]:
    groups = material.posts(material.plan(10_000, 30), _IN_A_POST)
    for group in groups:
        for cluster in ids:
            path = f"/api/v1/alerts/webhook/{cluster}"
            yield hub.address.request("POST", path, material.body(group))


async def _read(hub: Platform, seconds: float) -> Outcome:
    paths = itertools.islice(itertools.cycle(_PATHS), int(_READS_A_SECOND * seconds))
    requests = [hub.address.request("GET", path) for path in paths]
    return _granted((await open_loop(hub.address, requests, rate=_READS_A_SECOND))[0])


def _granted(outcome: Outcome) -> Outcome:
    if outcome.refused:
        raise RuntimeError(f"{len(outcome.refused)} refused, first {outcome.refused[0]}")
    return outcome


def _idle_share(before: Any) -> float:
    """Percent of all cores' time since then in which they had nothing to do."""
    after = psutil.cpu_times()
    total = sum(after) - sum(before)
    return (after.idle + after.iowait - before.idle - before.iowait) / total * 100
