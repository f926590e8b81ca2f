"""Reads of 10,000 GPUs with ten million samples: figures, nodes, histories, the map, and as of.

Raw is the smallest SQL that finds the same: no JSON, no filters, no page around it.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta

import psycopg

from contracts.envelope import rfc3339
from services.runtime.clock import SystemClock
from tests.benchmarks.gpu_fill import Fleet, fill
from tests.benchmarks.kit import Figure, Options, Target, at_most, log, number, percentile
from tests.benchmarks.load import open_loop
from tests.benchmarks.platform import Platform, platform

_BENCH = "gpu_reads"
_A_SECOND = 10
_MILLISECONDS = 30
"""That a summary and the last hour of a node may take, 95 of 100 times."""
_NODE = "cluster_id={cluster}&node_name={node}"
_READS: Mapping[str, str] = {
    "summary": "summary",
    "summary of a namespace": "summary?namespace=namespace-3",
    "20 nodes of 1,250": "nodes",
    "20 nodes by utilisation": "nodes?sort=-utilization",
    "nodes with a word that none has": "nodes?q=zebra",
    "one node": "nodes/{cluster}/{node}",
    "20 processes of 7,500": "processes",
    "map": "map",
    "history of a node, an hour": f"history?{_NODE}",
    "history of a node, four hours by minutes": f"history?{_NODE}&range=4h&step=1m",
    "history of a node, two days by hours": f"history?{_NODE}&range=2d&step=1h",
}
_TARGETS: Mapping[str, tuple[Target, ...]] = {
    name: (at_most(_MILLISECONDS),) for name in ("summary", "history of a node, an hour")
}
_RAW: Mapping[str, str] = {
    "summary": "select g.name, count(*), avg(g.utilization_gpu_percent), sum(g.memory_used_mb),"
    " sum(g.power_draw_watts) from aiops.gpu g join aiops.gpu_node n on n.id = g.node_id"
    " group by g.name",
    "map": "select node_id, index, utilization_gpu_percent, memory_used_mb, temperature_celsius,"
    " power_draw_watts from aiops.gpu order by node_id, index",
    "history of a node, an hour": "select gpu_id, at, utilization_gpu_percent, memory_used_mb,"
    " temperature_celsius, power_draw_watts from aiops.gpu_sample where node_id = 1"
    " and at > '{hour_ago}' order by gpu_id, at",
}


async def measure(options: Options) -> list[Figure]:
    """Fill the tables beside the running platform, ask through REST, and by hand."""
    now = SystemClock().now().replace(microsecond=0)
    fleet = Fleet(now, options.pick(1_250, 100), options.pick(1_000, 200))
    with platform() as running:
        began = time.perf_counter()
        await asyncio.to_thread(fill, running.database, fleet)
        rows = running.ask("select count(*) from aiops.gpu_sample")[0][0]
        log(f"{rows:,} samples in {time.perf_counter() - began:.0f} s")
        cluster, node = running.ask("select cluster_id, node_name from aiops.gpu_node limit 1")[0]
        values = {"cluster": str(cluster), "node": node}
        raw = await asyncio.to_thread(_by_hand, running, fleet, options)
        live = [
            await _read(running, (name, path.format(**values)), raw, options)
            for name, path in _READS.items()
        ]
        then = rfc3339(fleet.middle)
        return live + [
            await _read(
                running,
                (
                    f"{name}, as of the middle",
                    f"{path}{'&' if '?' in path else '?'}as_of={then}".format(**values),
                ),
                raw,
                options,
            )
            for name, path in _READS.items()
        ]


def _by_hand(running: Platform, fleet: Fleet, options: Options) -> dict[str, float]:
    """Milliseconds of the smallest statements, 95 of 100 times."""
    ago = (fleet.end - timedelta(hours=1)).isoformat()
    found: dict[str, float] = {}
    with psycopg.connect(running.database, autocommit=True) as connection:
        for name, sql in _RAW.items():
            statement, took = sql.format(hour_ago=ago).encode(), list[float]()
            for _ in range(options.pick(100, 20)):
                began = time.perf_counter()
                connection.execute(statement).fetchall()
                took.append((time.perf_counter() - began) * 1000)
            found[name] = percentile(took, 0.95)
    return found


async def _read(
    running: Platform, what: tuple[str, str], raw: Mapping[str, float], options: Options
) -> Figure:
    (name, path), address = what, running.address
    requests = [address.request("GET", f"/api/v1/gpu/{path}")] * options.pick(60, 20)
    found, _ = await open_loop(address, requests, rate=_A_SECOND, width=4)
    if found.refused:
        raise RuntimeError(f"{path}: {found.refused[0]}")
    p50, p95, worst = (percentile(found.latencies, share) * 1000 for share in (0.5, 0.95, 1))
    log(f"{name}: p50 {number(p50)}, p95 {number(p95)} ms")
    note = f"p50 {number(p50)}, max {number(worst)} ms"
    if name in raw:
        note += f"; raw p95 {number(raw[name])} ms: {number(p95 / raw[name])} times"
    return Figure(_BENCH, f"{name}, p95", p95, "ms", _TARGETS.get(name, ()), note=note)
