"""Lists, filters and facets over a million alerts, and a status change among them, end to end."""

import asyncio
import time
from collections.abc import Mapping

import msgspec

from tests.benchmarks import material
from tests.benchmarks.alert_fill import fill, middle
from tests.benchmarks.kit import Figure, Options, at_most, log, number, percentile
from tests.benchmarks.load import open_loop
from tests.benchmarks.platform import Platform, platform, register_cluster
from tests.kit.runtime import until

_BENCH = "alert_reads"
_A_SECOND = 20
_BEFORE = 50
"""Milliseconds that a read and a status change may take, 95 of 100 times."""

_LISTED: Mapping[str, str] = {
    "open": "",
    "one severity": "severity=CRITICAL",
    "one cluster": "cluster_id={cluster}",
    "one name and namespace": "alertname=Alert17&namespace=namespace-20",
    "one node": "label=node=node-33.edge.example.com",
    "one pod": "label=pod=worker-{open}-5d9c7",
    "a label that all have": "label=job=kube-state-metrics",
    "not silenced": "silenced=false",
    "silenced": "silenced=true",
    "a word that few have": "q=worker-{open}",
    "a word that none has": "q=zebra",
}
_PAST: Mapping[str, str] = {
    "past": "",
    "past of one cluster": "cluster_id={cluster}",
    "past of one name": "alertname=Alert17",
    "past of one node": "label=node=node-33.edge.example.com",
    "past of an hour": "from=2026-10-25T00:00:00Z&to=2026-10-25T01:00:00Z",
}


_THEN = (": open", ": one severity", ": one cluster", "one node", "none has", ": past", "silenced")


async def measure(options: Options) -> list[Figure]:
    """Fill the tables beside the running platform, ask through REST, then change one alert."""
    rows = options.pick(1_000_000, 100_000)
    with platform() as running:
        cluster = await register_cluster(running.address)
        began = time.perf_counter()
        await asyncio.to_thread(fill, running.database, rows, rows // 10)
        log(f"{rows:,} alerts, {rows // 10:,} of them open, in {time.perf_counter() - began:.0f} s")
        reads = await _reads(running, options)
        return [*reads, await _changes(running, cluster, options)]


async def _reads(running: Platform, options: Options) -> list[Figure]:
    values = {"cluster": _one_cluster(running), "open": str(options.pick(950_001, 95_001))}
    paths = {f"list: {name}": f"/alerts?{query}" for name, query in _LISTED.items()}
    paths |= {f"list: {name}": f"/alerts/history?{query}" for name, query in _PAST.items()}
    paths |= {f"facets: {name}": f"/alerts/facets?{query}" for name, query in _LISTED.items()}
    for name, of in (("open", "alerts"), ("past", "alerts/history")):
        page = options.pick(5_000, 500)
        paths[f"list: page {page:,} of {name}"] = f"/{of}?cursor={await _deep(running, of, page)}"
    live = [
        await _read(running, name, path.format(**values), options) for name, path in paths.items()
    ]
    rows = options.pick(1_000_000, 100_000)
    then = middle(rows, rows // 10).isoformat().replace("+00:00", "Z")
    paths = {
        f"{name}, as of the middle": f"{path}{'' if path.endswith('?') else '&'}as_of={then}"
        for name, path in paths.items()
        if name.endswith(_THEN) and "cursor" not in path
    }
    return live + [
        await _read(running, name, path.format(**values), options) for name, path in paths.items()
    ]


def _one_cluster(running: Platform) -> str:
    return str(running.ask("select md5('cluster3')::uuid")[0][0])


async def _deep(running: Platform, of: str, page: int) -> str:
    """The cursor that leads a walk to this page of 20."""
    answer = await running.address.once("GET", f"/api/v1/{of}?page={page - 1}")
    return msgspec.json.decode(answer.body)["next_cursor"]


async def _read(running: Platform, name: str, path: str, options: Options) -> Figure:
    address = running.address
    requests = [address.request("GET", f"/api/v1{path}")] * options.pick(100, 20)
    found, _ = await open_loop(address, requests, rate=_A_SECOND, width=4)
    if found.refused:
        raise RuntimeError(f"{path}: {found.refused[0]}")
    p50, p95, worst = (percentile(found.latencies, share) * 1000 for share in (0.5, 0.95, 1))
    log(f"{name}: p50 {number(p50)}, p95 {number(p95)} ms")
    note = f"p50 {number(p50)}, max {number(worst)} ms"
    return Figure(_BENCH, f"{name}, p95", p95, "ms", (at_most(_BEFORE),), note=note)


async def _changes(running: Platform, cluster: str, options: Options) -> Figure:
    """An alert fires and ends, then the next: each from the post until its row is committed."""
    address, path = running.address, f"/api/v1/alerts/webhook/{cluster}"
    told, latencies = list[float](), list[float]()

    def _committed(_: str, __: bytes) -> None:
        told.append(time.perf_counter())

    async with running.bus() as bus:
        await bus.hear("pos.alerts", _committed)
        connection = await address.connect()
        for turn in range(options.pick(200, 40)):
            report = material.Report(turn // 2, resolved=turn % 2 == 1)
            request = address.request("POST", path, material.body([report]))
            before, began = len(told), time.perf_counter()
            answer = await connection.ask(request)
            if answer.status != 202:
                raise RuntimeError(f"not taken: {answer}")
            await until(lambda before=before: len(told) > before)
            latencies.append((told[before] - began) * 1000)
        connection.close()
    p50, p95, worst = (percentile(latencies, share) for share in (0.5, 0.95, 1))
    note = f"p50 {number(p50)}, max {number(worst)} ms; {len(latencies)} one after the other"
    log(f"a status change: p50 {number(p50)}, p95 {number(p95)} ms")
    name = "one status change, from the post to the row, p95"
    return Figure(_BENCH, name, p95, "ms", (at_most(_BEFORE),), note=note)
