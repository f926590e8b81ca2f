"""All at once: 1,000 clusters, 10,000 GPUs, 1,000 alerts a minute, 200 people who look on."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import psutil

from deploy.local.ports import free_port
from tests.benchmarks import fleet, gpu
from tests.benchmarks.gpu_fleet import CLUSTERS, GPUS, NODES, Source, gpu_fleet
from tests.benchmarks.kit import Figure, Options, at_most, by_part, log, number, percentile
from tests.benchmarks.live_load import Load as Crowd, crowd
from tests.benchmarks.load import Outcome, open_loop
from tests.benchmarks.platform import Platform, platform
from tests.chaos.load import Load
from tests.kit.simulator_program import simulator

_BENCH = "everything"
_ALL, _ALERTS, _PEOPLE = 1000, 1000 / 60, 200
_EVERY = 5.0
"""Seconds after which each of the people asks for something again."""
_READS = (
    "/api/v1/fleet/summary",
    "/api/v1/clusters/?page_size=50&sort=-health_score",
    "/api/v1/incidents/?state=OPEN&include=CAUSE&include=REACH&include=NAMES&sort=impact",
    "/api/v1/alerts/?page_size=50&state=FIRING",
    "/api/v1/alerts/?page_size=50&severity=critical",
    "/api/v1/gpu/summary",
    "/api/v1/gpu/nodes?page_size=50",
    "/api/v1/events/?page_size=50",
)
"""What the pages of the UI ask for."""
_HEARD = ("ALERT_FIRED", "ALERT_RESOLVED", "INCIDENT_OPENED", "INCIDENT_UPDATED",
          "CLUSTER_STATUS_CHANGED")  # fmt: skip
_ON_GPUS = 10
"""One of so many also follows every GPU."""


async def measure(options: Options) -> list[Figure]:
    """Fill the fleet, let it settle, put all of the load on it, then watch."""
    count = options.pick(_ALL, 300) - CLUSTERS
    with (
        simulator(count, nodes=4, pods=20) as simulated,
        gpu_fleet(free_port()) as source,
        platform() as hub,
        crowd() as people,
    ):
        await _filled(hub, simulated, source, count)
        stopping, posting = await _posting(hub)
        await _listening(hub, people)
        # Registrations and first looks shall be over.
        await asyncio.sleep(options.pick(60, 15))
        figures = await _watched(hub, people, options.pick(300, 45))
        stopping.set()
        await posting
        return figures


async def _filled(hub: Platform, simulated: fleet.Simulated, source: Source, count: int) -> None:
    await fleet.register(hub, simulated, count)
    await gpu.registered(hub, source)
    await fleet.quiet(hub, count)
    await gpu.settled(hub)
    log(f"{NODES * GPUS:,} GPUs of {NODES:,} nodes are sampled")


async def _posting(hub: Platform) -> tuple[asyncio.Event, asyncio.Task[None]]:
    """Sources of alerts: half of what they tell are ends."""
    ids = [str(row[0]) for row in hub.ask("select id from fleet.cluster")]
    load = Load(f"http://{hub.address.host}:{hub.address.port}", hub.address.token, ids, _ALERTS)
    return load.stopping, asyncio.create_task(load.run())


async def _listening(hub: Platform, people: Crowd) -> None:
    def kind(*types: str) -> dict[str, Any]:
        wanted = {"event_types": list(types)}
        frame = {"type": "subscribe", "batch": True, "subscription": wanted}
        return {"frame": frame, "step": 1}

    kinds = [kind(*_HEARD)] * (_ON_GPUS - 1) + [kind(*_HEARD, "GPU_UPDATE")]
    where = {"host": hub.address.host, "port": hub.address.port, "token": hub.address.token}
    await people.ask("open", **where, count=_PEOPLE, kinds=kinds)


async def _watched(hub: Platform, people: Crowd, seconds: float) -> list[Figure]:
    rate = _PEOPLE / _EVERY
    paths = [_READS[number % len(_READS)] for number in range(int(rate * seconds))]
    samples, idle = _samples(hub), psutil.cpu_times()
    alerts = _alerts(hub)
    await people.ask("mark")
    used = hub.cpu.measured()
    began = time.perf_counter()
    requests = [hub.address.request("GET", path) for path in paths]
    outcome, _ = await open_loop(hub.address, requests, rate=rate)
    took, cpu = time.perf_counter() - began, used()
    heard = await people.ask("report", last=0, within=1)
    _require_granted(outcome)
    rows = (_samples(hub) - samples) / took
    log(f"{rows:.0f} GPU samples, {(_alerts(hub) - alerts) / took * 60:.0f} alerts fired a minute")
    log(f"heard: {heard['events']:,} events, {heard['dropped']} dropped")
    return _figures(outcome, cpu, _idle(idle, took), took, heard, rows)


def _figures(
    outcome: Outcome,
    cpu: Mapping[str, float],
    idle: float,
    took: float,
    heard: Mapping[str, Any],
    rows: float,
) -> list[Figure]:
    late = [each * 1e3 for each in outcome.latencies]
    total = sum(cpu.values()) / took * 100
    told = f"p50 {number(percentile(late, 0.5))}, p99 {number(percentile(late, 0.99))} ms"
    return [
        Figure(_BENCH, f"API, {_PEOPLE} people, p95", percentile(late, 0.95), "ms",
               (at_most(200),), note=f"{told}; {len(late):,} reads of {len(_READS)} kinds"),
        Figure(_BENCH, "CPU of all parts", total, "% of a core", (at_most(200),),
               note=by_part(cpu, 100 / took, " %")),
        Figure(_BENCH, "idle of the machine, fleet and people on it too", idle, "% of a core"),
        Figure(_BENCH, "an event to all who listen, p95", heard.get("p95", float("inf")), "ms",
               note=f"p50 {number(heard.get('p50', 0))} ms; dropped: {heard['dropped']}"),
        Figure(_BENCH, "GPU samples written", rows, "rows/s",
               note=f"due {NODES * GPUS / gpu.EVERY:.0f}"),
    ]  # fmt: skip


def _idle(before: Any, took: float) -> float:
    after = psutil.cpu_times()
    return (after.idle - before.idle) / took * 100


def _require_granted(outcome: Outcome) -> None:
    if outcome.refused:
        kinds: Sequence[Any] = Counter(each.status for each in outcome.refused).most_common()
        raise RuntimeError(f"refused: {kinds}, first {outcome.refused[0]}")


def _samples(hub: Platform) -> int:
    return hub.ask("select count(*) from aiops.gpu_sample")[0][0]


def _alerts(hub: Platform) -> int:
    return hub.ask("select count(*) from alerts.occurrence")[0][0]
