"""Federated metrics: against a real Prometheus asked directly, and over simulated clusters."""

import asyncio
import json
import ssl
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from deploy.local.ports import free_port
from tests.benchmarks.client import Address, Answer
from tests.benchmarks.kit import (
    Cpu,
    Figure,
    Options,
    at_most,
    by_part,
    log,
    median,
    memory_mb,
    number,
    percentile,
)
from tests.benchmarks.load import connections
from tests.benchmarks.platform import Platform, platform
from tests.benchmarks.real_prometheus import real_prometheus
from tests.kit.simulator_program import simulator

_BENCH = "federation"
_SERIES, _STEPS = 100, 100
_QUERY = "/api/v1/metrics/query_range"
_OPENS = 7
"""Failing queries after which a circuit is open for sure: it takes five."""
Simulated = Mapping[str, Any]


async def measure(options: Options) -> list[Figure]:
    """One after the other, each on a platform of its own."""
    figures = await _one(options)
    figures += await _twenty(options)
    for count in (100, options.pick(1000, 200)):
        figures += await _faulty(count, options)
    return [*figures, *await _large()]


async def _one(options: Options) -> list[Figure]:
    """One Prometheus through the hub and directly: 10,000 samples, and what 90,000 more cost."""
    few = await _beside(_STEPS, options.pick(400, 60))
    many = await _beside(10 * _STEPS, options.pick(80, 20))
    extra = (few.ours - few.raw) * 1e3
    note = f"p50 ours {number(few.ours * 1e3)}, raw {number(few.raw * 1e3)} ms;"
    note += f" CPU {by_part(few.ours_cpu, 1e3, ' ms')}"
    ours, raw = (
        (sum(more.values()) - sum(less.values())) / 9
        for more, less in ((many.ours_cpu, few.ours_cpu), (many.raw_cpu, few.raw_cpu))
    )
    return [
        Figure(_BENCH, "10,000 samples: added to p50", extra, "ms", (at_most(5),), note=note),
        _times("10,000 samples", sum(few.ours_cpu.values()), sum(few.raw_cpu.values())),
        _times("each 10,000 samples more", ours, raw),
    ]


def _times(what: str, ours: float, raw: float) -> Figure:
    note = f"ours {number(ours * 1e3)}, raw {number(raw * 1e3)} ms"
    name = f"{what}: CPU, times that of asking directly"
    return Figure(_BENCH, name, ours / raw, "x", (at_most(1.5),), note=note)


@dataclass(frozen=True, slots=True)
class _Beside:
    """Seconds of the same query in the middle, and CPU seconds of one by part."""

    ours: float
    raw: float
    ours_cpu: Mapping[str, float]
    raw_cpu: Mapping[str, float]


async def _beside(steps: int, count: int) -> _Beside:
    """So many samples of each series through the hub, and from the Prometheus itself, in turn."""
    with tempfile.TemporaryDirectory(prefix="aiops-prom-") as name:
        port = free_port()
        with real_prometheus(Path(name), port, _SERIES, steps) as prometheus, platform() as hub:
            cluster = await _registered(hub, "one", f"http://127.0.0.1:{port}")
            start, end = prometheus.end - (steps - 1) * 15, prometheus.end
            body = _range("load", [cluster], start, end)
            ours = hub.address.request("POST", _QUERY, msgspec.json.encode(body))
            ours = ours.replace(b"\r\n\r\n", b"\r\nCache-Control: no-cache\r\n\r\n", 1)
            direct = Address("127.0.0.1", port)
            path = f"/api/v1/query_range?query=load&start={start}&end={end}&step=15"
            raw = direct.request("GET", path)
            both = {
                "ours": (hub.address, ours, Cpu({**hub.parts, "prometheus": prometheus.pid})),
                "raw": (direct, raw, Cpu({"prometheus": prometheus.pid})),
            }
            found = await _in_turn(both, count)
    (ours_times, ours_cpu), (raw_times, raw_cpu) = found["ours"], found["raw"]
    return _Beside(median(ours_times), median(raw_times), ours_cpu, raw_cpu)


async def _in_turn(
    both: Mapping[str, tuple[Address, bytes, Cpu]], count: int
) -> dict[str, tuple[list[float], dict[str, float]]]:
    times: dict[str, list[float]] = {name: [] for name in both}
    spent: dict[str, dict[str, float]] = {name: {} for name in both}
    opened = {name: await address.connect() for name, (address, _, _) in both.items()}
    for _ in range(4):
        for name, (_, request, cpu) in both.items():
            used = cpu.measured()
            for _ in range(count // 4):
                began = time.perf_counter()
                _require(await opened[name].ask(request))
                times[name].append(time.perf_counter() - began)
            for part, seconds in used().items():
                spent[name][part] = spent[name].get(part, 0) + seconds / count
    for connection in opened.values():
        connection.close()
    return {name: (times[name], spent[name]) for name in both}


async def _twenty(options: Options) -> list[Figure]:
    with simulator(20) as fleet, platform() as hub:
        await _all_registered(hub, fleet)
        body = _instant("up", timeout=10)
        used = hub.cpu.measured()
        rounds = options.pick(200, 30)
        times, slowest = await _asked(hub, body, rounds)
        cpu = used()
    extra = [(total - slow) * 1e3 for total, slow in zip(times, slowest, strict=True)]
    total = sum(cpu.values()) / rounds * 1e3
    note = f"p50 {number(median(times) * 1e3)} ms in all; CPU {by_part(cpu, 1e3 / rounds, ' ms')}"
    return [
        Figure(_BENCH, "20 clusters: beyond the slowest, p50", median(extra), "ms",
               (at_most(15),), note=note),
        Figure(_BENCH, "20 clusters: CPU of a query", total, "ms", (at_most(20),)),
    ]  # fmt: skip


async def _faulty(count: int, options: Options) -> list[Figure]:
    """One in a hundred hangs, one in a hundred fails; then with their circuits open."""
    timeout = 2
    with simulator(count, nodes=1, pods=1) as fleet, platform() as hub:
        await _all_registered(hub, fleet)
        names = [each["name"] for each in fleet["clusters"]]
        bad = max(1, count // 100)
        body = _instant("up", timeout=timeout)
        before = await _while_failing(hub, fleet, body, bad, options.pick(50, 3))
        late = [max(total - timeout, 0) * 1e3 for total in before]
        await _fault_two(fleet, names, bad, "hang", "status")
        await _asked(hub, body, _OPENS, partial=True)
        after, alone = await _compared(hub, timeout, bad * 2, options.pick(20, 5))
    label = f"{count:,} clusters, 1 % hang, 1 % fail"
    note = f"{len(late)} queries with a deadline of {timeout} s; p50 {number(median(before))} s,"
    note += f" worst {number(max(late))} ms after it"
    return [
        Figure(_BENCH, f"{label}: after the deadline, p99", percentile(late, 0.99), "ms",
               (at_most(50),), note=note),
        Figure(_BENCH, f"{label}: with circuits open, p50, beside the same without those clusters",
               median(after) * 1e3, "ms", raw=median(alone) * 1e3),
    ]  # fmt: skip


async def _while_failing(
    hub: Platform, fleet: Simulated, body: Mapping[str, Any], bad: int, turns: int
) -> list[float]:
    """Seconds of queries, twice each turn; others fail in each, so that no circuit opens."""
    names = [each["name"] for each in fleet["clusters"]]
    times: list[float] = []
    for turn in range(turns):
        start = turn * 2 * bad % len(names)
        chosen = names[start : start + 2 * bad]
        await _fault_two(fleet, chosen, bad, "hang", "status")
        for _ in range(2):
            took, missing = await _incomplete(hub, body)
            if missing < 2 * bad:
                raise RuntimeError(f"{missing} missing, {2 * bad} should be")
            times.append(took)
        await _fault_two(fleet, chosen, bad, "none", "none")
    return times


async def _incomplete(hub: Platform, body: Mapping[str, Any]) -> tuple[float, int]:
    """Seconds of a query that not all clusters answer, and how many do not."""
    began = time.perf_counter()
    told = await hub.address.once("POST", "/api/v1/metrics/query", body)
    took = time.perf_counter() - began
    if told.status != 206:
        raise RuntimeError(f"{told.status} instead of 206: {told.body[:300]!r}")
    return took, len(json.loads(told.body)["missing"])


async def _fault_two(
    fleet: Simulated, names: Sequence[str], bad: int, first: str, second: str
) -> None:
    await _fault(fleet, names[:bad], first)
    await _fault(fleet, names[bad : 2 * bad], second)


async def _compared(
    hub: Platform, timeout: int, bad: int, rounds: int
) -> tuple[list[float], list[float]]:
    """Seconds of questions to all clusters, and in turn to those alone that answer."""
    everywhere = _instant("up", timeout=timeout)
    told = await hub.address.once("POST", "/api/v1/metrics/query", everywhere)
    results = json.loads(told.body)["results"]
    sound = [each["cluster_id"] for each in results if each["status"] == "SUCCESS"]
    if len(results) - len(sound) != bad:
        raise RuntimeError(f"{len(sound)} of {len(results)} answer, {bad} should not")
    all_times: list[float] = []
    sound_times: list[float] = []
    for _ in range(rounds):
        all_times += (await _asked(hub, everywhere, 1, partial=True))[0]
        sound_times += (await _asked(hub, everywhere | {"cluster_ids": sound}, 1))[0]
    return all_times, sound_times


async def _large() -> list[Figure]:
    """Twenty answers of 200 MB at the same time: what the hub keeps in memory."""
    with simulator(20) as fleet, platform() as hub:
        await _all_registered(hub, fleet)
        names = [each["name"] for each in fleet["clusters"]]
        await _fault(fleet, names, "huge", size=200_000_000)
        parts = {name: hub.parts[name] for name in ("gateway", "workers")}
        before = {name: memory_mb(pid) for name, pid in parts.items()}
        peak = dict(before)
        asking = asyncio.ensure_future(_asked(hub, _instant("up", timeout=30), 1, partial=True))
        while not asking.done():
            for name, pid in parts.items():
                peak[name] = max(peak[name], memory_mb(pid))
            await asyncio.sleep(0.05)
        await asking
    grown = {name: peak[name] - before[name] for name in parts}
    note = by_part(grown, 1.0, " MB")
    name = "20 answers of 200 MB at once: memory added"
    return [Figure(_BENCH, name, sum(grown.values()), "MB", (at_most(512),), note=note)]


async def _asked(
    hub: Platform, body: Mapping[str, Any], rounds: int, *, partial: bool = False
) -> tuple[list[float], list[float]]:
    """Seconds of each query, and of the slowest of its clusters."""
    request = hub.address.request("POST", "/api/v1/metrics/query", msgspec.json.encode(body))
    request = request.replace(b"\r\n\r\n", b"\r\nCache-Control: no-cache\r\n\r\n", 1)
    times: list[float] = []
    slowest: list[float] = []
    async with connections(hub.address, 1) as (connection,):
        for _ in range(rounds):
            began = time.perf_counter()
            answer = await connection.ask(request)
            times.append(time.perf_counter() - began)
            told = _require(answer, partial=partial)
            took = [each["query_time_ms"] for each in told.get("results", [])]
            slowest.append(max(took, default=0.0) / 1e3)
    return times, slowest


def _require(answer: Answer, *, partial: bool = False) -> dict[str, Any]:
    allowed = {200, 206, 502, 504} if partial else {200}
    if answer.status not in allowed:
        raise RuntimeError(f"not answered: {answer.status} {answer.body[:300]!r}")
    return json.loads(answer.body)


def _range(query: str, clusters: Sequence[str], start: int, end: int) -> dict[str, Any]:
    moments = {"start_time": _rfc(start), "end_time": _rfc(end)}
    return {"query": query, "cluster_ids": list(clusters), **moments, "step": "15s"}


def _instant(query: str, *, timeout: int) -> dict[str, Any]:
    return {"query": query, "timeout": timeout}


def _rfc(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


async def _registered(hub: Platform, name: str, prometheus: str) -> str:
    body = {
        "name": name,
        "api_server_url": f"https://api.{name}.example.com:6443",
        "endpoints": {"prometheus_url": prometheus},
    }
    made = await hub.address.once("POST", "/api/v1/clusters/", body)
    if made.status != 201:
        raise RuntimeError(f"not registered: {made}")
    return json.loads(made.body)["id"]


async def _all_registered(hub: Platform, fleet: Simulated) -> None:
    """Every simulated cluster, with its Prometheus and the login for it, and no other backend."""
    secrets, authority = _secrets(fleet)
    waiting = iter(fleet["clusters"])

    async def enrol(connection: Any) -> None:
        for each in waiting:
            known = secrets[each["name"]]
            body = {
                "name": each["name"],
                "api_server_url": each["api_server_url"],
                "endpoints": {"prometheus_url": each["endpoints"]["prometheus_url"]},
            }
            asked = hub.address.request("POST", "/api/v1/clusters/", msgspec.json.encode(body))
            made = await connection.ask(asked)
            cluster = json.loads(made.body)["id"]
            given = {
                "auth_type": "SERVICE_ACCOUNT",
                "token": next(t for n, t in known["accounts"].items() if "reader" in n),
                "ca_bundle": authority,
                "backends": {
                    part: {"token": t} for part, t in known["backends"].items()
                    if part == "prometheus"
                },
            }  # fmt: skip
            path = f"/api/v1/clusters/{cluster}/credentials"
            told = await connection.ask(
                hub.address.request("POST", path, msgspec.json.encode(given))
            )
            if told.status != 201:
                raise RuntimeError(f"credentials not taken: {told}")

    async with connections(hub.address, 16) as opened:
        await asyncio.gather(*map(enrol, opened))
    await asyncio.sleep(3)
    log(f"{len(fleet['clusters'])} clusters registered")


def _secrets(fleet: Simulated) -> tuple[dict[str, Any], str]:
    return json.loads(Path(fleet["credentials"]).read_text()), Path(fleet["ca"]).read_text()


async def _fault(fleet: Simulated, names: Sequence[str], kind: str, **more: Any) -> None:
    trust = ssl.create_default_context(cafile=fleet["ca"])
    async with httpx.AsyncClient(verify=trust, base_url=fleet["url"]) as client:
        for name in names:
            order = {"cluster": name, "part": "prometheus", "fault": {"kind": kind} | more}
            answer = await client.post("/_control/faults", json=order)
            if answer.status_code != 200:
                raise RuntimeError(answer.text)
