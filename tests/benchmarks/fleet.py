"""A thousand simulated clusters over TLS: registered by REST, checked when due, listed."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from contracts.clusters import ClusterHealthChecked, ClusterType
from services.clusters import status
from services.runtime import schedules, streams
from services.runtime.bus import Bus
from services.runtime.pull import Ordered, PullReader
from tests.benchmarks.client import Address, Connection
from tests.benchmarks.kit import (
    Figure,
    Options,
    at_most,
    by_part,
    log,
    median,
    number,
    percentile,
)
from tests.benchmarks.load import connections, open_loop
from tests.benchmarks.platform import Platform, platform
from tests.kit.simulator_program import simulator

_BENCH = "fleet"
_WIDTH = 16
_PARTS = ("prometheus", "tempo", "loki", "alertmanager")
_LIST = "/api/v1/clusters/"
Simulated = Mapping[str, Any]


async def measure(options: Options) -> list[Figure]:
    """Register all, let the first checks and discoveries pass, watch two longest intervals."""
    count = options.pick(1000, 100)
    with simulator(count, nodes=4, pods=20) as fleet, platform() as running:
        figures = [await register(running, fleet, count)]
        async with running.bus() as bus:
            await quiet(running, count)
            figures += await _watch(running, bus, count, options.pick(240, 60))
            figures += await _read(running, options)
    return figures


async def register(running: Platform, fleet: Simulated, count: int) -> Figure:
    """POST the cluster, POST its credentials, 16 clusters at once."""
    bodies = iter(list(_bodies(fleet)))
    used = running.cpu.measured()
    began = time.perf_counter()
    async with connections(running.address, _WIDTH) as opened:
        await asyncio.gather(*(_enrol(running.address, each, bodies) for each in opened))
    seconds = time.perf_counter() - began
    log(f"{count:,} clusters in {seconds:.1f} s")
    note = f"{count / seconds:,.0f}/s, each with credentials tried on every endpoint; CPU of each: "
    note += by_part(used(), 1e3 / count, " ms")
    return Figure(_BENCH, f"{count:,} clusters registered", seconds, "s", (at_most(60),), note=note)


async def _enrol(
    address: Address, connection: Connection, bodies: Iterator[tuple[dict[str, Any], bytes]]
) -> None:
    for registration, credentials in bodies:
        body = msgspec.json.encode(registration)
        made = await connection.ask(address.request("POST", "/api/v1/clusters/", body))
        if made.status != 201:
            raise RuntimeError(f"not registered: {made}")
        path = f"/api/v1/clusters/{json.loads(made.body)['id']}/credentials"
        given = await connection.ask(address.request("POST", path, credentials))
        if given.status != 201:
            raise RuntimeError(f"credentials not taken: {given}")


def _bodies(fleet: Simulated) -> Iterator[tuple[dict[str, Any], bytes]]:
    secrets = json.loads(Path(fleet["credentials"]).read_text())
    authority = Path(fleet["ca"]).read_text()
    for each in fleet["clusters"]:
        known = secrets[each["name"]]
        account = next(token for name, token in known["accounts"].items() if "reader" in name)
        yield (
            {
                "name": each["name"],
                "api_server_url": each["api_server_url"],
                "cluster_type": each["cluster_type"],
                "platform": each["platform"],
                "endpoints": each["endpoints"],
                "labels": {"of": "bench"},
            },
            msgspec.json.encode(
                {
                    "auth_type": "SERVICE_ACCOUNT",
                    "token": account,
                    "ca_bundle": authority,
                    "backends": {
                        name: {"token": token} for name, token in known["backends"].items()
                    },
                }
            ),
        )


async def quiet(running: Platform, count: int) -> None:
    """Wait until every cluster was looked at, which follows its registration by itself."""
    began = time.perf_counter()
    while running.ask("select count(*) from fleet.capabilities")[0][0] < count:
        if time.perf_counter() - began > 120:
            raise TimeoutError("discovery does not come to an end")
        await asyncio.sleep(0.5)
    log(f"all looked at {time.perf_counter() - began:.1f} s later")
    online = running.ask("select count(*) from fleet.status where state = 'ONLINE'")[0][0]
    log(f"{online:,} of {count:,} are ONLINE")
    await asyncio.sleep(5)


async def _watch(running: Platform, bus: Bus, count: int, seconds: float) -> list[Figure]:
    types = {
        row[0]: ClusterType(row[1])
        for row in running.ask("select id, cluster_type from fleet.cluster")
    }
    used = running.cpu.measured()
    first = (await bus.api(f"STREAM.INFO.{streams.TELEMETRY}"))["state"]["last_seq"] + 1
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    took, cpu = time.perf_counter() - began, used()
    late, begun, lost = await _lateness(bus, first, types)
    expected = sum(took / status.interval_and_timeout(each)[0] for each in types.values())
    total = sum(cpu.values()) / took * 100
    log(f"{len(late):,} rounds of {expected:,.0f}, {total:.1f} % of a core, {lost} missed")
    note = f"{len(late) / took:.1f} rounds/s; {by_part(cpu, 100 / took, ' %')}"
    p99 = percentile(late, 0.99)
    told = f"p50 {number(median(late))}, max {number(max(late))} s; to its begin p99"
    told = f"{told} {number(percentile(begun, 0.99))} s"
    name = f"{count:,} clusters checked"
    return [
        Figure(
            _BENCH, f"{name}: CPU of all parts", total, "% of a core", (at_most(60),), note=note
        ),
        Figure(_BENCH, f"{name}: due to done, p99", p99, "s", (at_most(2),), note=told),
        Figure(_BENCH, f"{name}: intervals without a check", lost, "", (at_most(0),)),
    ]


async def _lateness(
    bus: Bus, first: int, types: Mapping[Any, ClusterType]
) -> tuple[list[float], list[float], int]:
    """Of every round: seconds from due to the stored result, and to its begin; gaps between rounds.

    Due is the second that the cluster's rule names, the last one before the round began.
    """
    late: list[float] = []
    begun: list[float] = []
    at: dict[Any, list[datetime]] = {}
    reader = PullReader(bus, Ordered(streams.TELEMETRY, ("tel.health.>",)), start=first, batch=500)
    await reader.open()
    while deliveries := await reader.take(500, wait=1.0):
        for each in deliveries:
            told = ClusterHealthChecked.model_validate_json(each.data)
            due = _due(told.checked_at, told.cluster_id, types[told.cluster_id])
            late.append(each.time_ns / 1e9 - due)
            begun.append(told.checked_at.timestamp() - due)
            at.setdefault(told.cluster_id, []).append(told.checked_at)
    await reader.close()
    return late, begun, sum(_gaps(times, types[each]) for each, times in at.items())


def _due(begun: datetime, cluster: UUID, kind: ClusterType) -> float:
    interval = status.interval_and_timeout(kind)[0]
    phase = schedules.phase(cluster, interval)
    return (begun.timestamp() - phase) // interval * interval + phase


def _gaps(times: Sequence[datetime], kind: ClusterType) -> int:
    interval = timedelta(seconds=status.interval_and_timeout(kind)[0])
    ordered = sorted(times)
    return sum((later - earlier) > interval * 1.5 for earlier, later in pairwise(ordered))


async def _read(running: Platform, options: Options) -> list[Figure]:
    """The list and the summary, while the checks go on."""
    found: list[Figure] = []
    for name, path, rate in (
        ("list of 20", _LIST, 200),
        ("the same, filtered and sorted", f"{_LIST}?state=ONLINE&sort=-health_score", 200),
        ("list of 100", f"{_LIST}?page_size=100", 50),
        ("summary", "/api/v1/fleet/summary", 200),
    ):
        requests = [running.address.request("GET", path)] * (rate * options.pick(15, 4))
        outcome, _ = await open_loop(running.address, requests, rate=rate)
        if outcome.refused:
            raise RuntimeError(f"{len(outcome.refused)} refused, first {outcome.refused[0]}")
        p50, p95, p99 = (percentile(outcome.latencies, share) * 1e3 for share in (0.5, 0.95, 0.99))
        note = f"p50 {number(p50)}, p99 {number(p99)} ms"
        label = f"{name}, p95 at {rate}/s"
        found.append(Figure(_BENCH, label, p95, "ms", (at_most(25),), note=note))
    return found
