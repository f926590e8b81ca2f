"""Tools by the official MCP client: what they add to REST, the first call, and their sizes."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from mcp import Client
from mcp_types import TextContent
from pydantic import SecretStr

from contracts.tools import CHARACTERS_OF_TOKEN, MOST_TOKENS
from services.runtime.settings import DatabaseSettings, Settings
from tests.benchmarks import material
from tests.benchmarks.client import Address
from tests.benchmarks.kit import (
    Cpu,
    Figure,
    Options,
    at_most,
    log,
    median,
    memory_mb,
    number,
    percentile,
)
from tests.benchmarks.platform import Platform, platform, register_cluster, seed
from tests.kit.live_backends import Asked, speaking
from tests.kit.mcp_client import connected_to
from tests.kit.pods import PODS, plant

_BENCH = "mcp"
_MORE_MS = 60
"""Milliseconds that a list of the tools and a call of one may take more than REST's read."""
_CALM = 0.1
"""Of a core."""
_READS: Mapping[str, str] = {
    "list_alerts": "/api/v1/alerts?page=1&page_size=100",
    "get_fleet_summary": "/api/v1/fleet/summary",
}
_SIZED: Mapping[str, Mapping[str, Any]] = {
    "list_clusters": {},
    "get_fleet_summary": {},
    "list_alerts": {},
    "list_incidents": {},
    "get_event_history": {},
    "get_gpu_nodes": {},
    "get_gpu_processes": {},
    "get_gpu_summary": {},
    "get_cnf_workloads": {},
    "get_ptp_status": {},
    "query_metrics": {"query": "kube_pod_info"},
    "query_metrics over an hour": {
        "query": "kube_pod_info",
        "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-01-01T01:00:00Z",
    },
    "get_metric_labels": {"label_name": "pod"},
}
"""What is asked of a fleet whose cluster has ten thousand pods."""


async def measure(options: Options) -> list[Figure]:
    """The first call, then both in turn, then each tool once."""
    with platform() as running:
        async with _prometheus() as url, running.bus() as bus:
            cluster = await _cluster(running.address, url)
            last = await seed(bus, material.plan(options.pick(2_000, 500), 5_000))
            running.until_projected(last, "alerts", "activity")
            await plant(_settings(running), UUID(cluster))
            running.ask("vacuum analyze")
            await _until_calm(running)
            first = await _first(running)
            async with _connected(running) as client:
                compared = [await _compare(running, client, each, options) for each in _READS]
                return [*compared, *first, await _largest(running, client)]


async def _until_calm(running: Platform) -> None:
    """Until nobody works on the alerts any more, for a minute at most."""
    for _ in range(30):
        used = running.cpu.measured()
        await asyncio.sleep(2)
        if sum(used().values()) < _CALM * 2:
            return


def _settings(running: Platform) -> Settings:
    return Settings(database=DatabaseSettings(url=SecretStr(running.database)))


async def _cluster(address: Address, prometheus: str) -> str:
    """The id of one with a Prometheus."""
    cluster = await register_cluster(address)
    change = {"endpoints": {"prometheus_url": prometheus}}
    answer = await address.once("PATCH", f"/api/v1/clusters/{cluster}", change)
    if answer.status != 200:
        raise RuntimeError(f"no Prometheus: {answer}")
    return cluster


@asynccontextmanager
async def _prometheus() -> AsyncGenerator[str]:
    """One that knows a series for each pod."""
    pods = [f"upf-{each}-7d9c6f5b8-x2x4z" for each in range(PODS)]
    labels = [
        {"__name__": "kube_pod_info", "namespace": f"core-{each % 40}", "pod": pod, "node": "n"}
        for each, pod in enumerate(pods)
    ]

    def answer(path: str, asked: Asked) -> dict[str, Any]:
        if not path.endswith(("/query", "/query_range")):
            return {"status": "success", "data": pods}
        kind, values = _samples(path, asked)
        result = [{"metric": each, **values} for each in labels]
        return {"status": "success", "data": {"resultType": kind, "result": result}}

    async with speaking(answer) as server:
        yield server.url


def _samples(path: str, asked: Asked) -> tuple[str, Mapping[str, Any]]:
    """Of every series the same."""
    if path.endswith("/query"):
        return "vector", {"value": [float(asked.get("time", "0")), "1"]}
    begin = float(asked["start"])
    return "matrix", {"values": [[begin + 600 * each, "1"] for each in range(6)]}


@asynccontextmanager
async def _connected(running: Platform) -> AsyncGenerator[Client]:
    address = running.address
    url = f"http://{address.host}:{address.port}/mcp"
    async with connected_to(url, address.token) as client:
        yield client


async def _first(running: Platform) -> list[Figure]:
    """What the first client of a process waits for, and what the process keeps of it."""
    pid = running.parts["gateway"]
    before = memory_mb(pid)
    began = time.perf_counter()
    async with _connected(running) as client:
        await client.call_tool("list_clusters", {})
    took, more = time.perf_counter() - began, memory_mb(pid) - before
    log(f"first call {number(took)} s, {number(more)} MB")
    return [
        Figure(_BENCH, "first client of a process", took, "s"),
        Figure(_BENCH, "memory of the process after it", more, "MB", note=f"before {before:.0f}"),
    ]


@dataclass(frozen=True)
class _Taken:
    """A round of one way to ask."""

    seconds: Sequence[float]
    cpu: float
    """Of the gateway, for one."""


async def _compare(running: Platform, client: Client, name: str, options: Options) -> Figure:
    """REST's read and the list with a call of the tool, in turn; medians of rounds."""
    cpu, rounds = Cpu({"gateway": running.parts["gateway"]}), options.pick(9, 3)
    address = running.address
    headers = {"authorization": f"Bearer {address.token}"}
    base = f"http://{address.host}:{address.port}"
    taken: dict[str, list[_Taken]] = {"rest": [], "mcp": []}
    async with httpx.AsyncClient(base_url=base, headers=headers) as http:
        ways = {"rest": lambda: _rest(http, _READS[name]), "mcp": lambda: _call(client, name)}
        for _ in range(rounds):
            for way, ask in ways.items():
                taken[way].append(await _timed(ask, cpu, options.pick(40, 10)))
    p50, p95 = ({way: _p(each, share) for way, each in taken.items()} for share in (0.5, 0.95))
    cpus = {way: median([one.cpu for one in each]) * 1000 for way, each in taken.items()}
    log(f"{name}: p95 {number(p95['mcp'])} ms, REST {number(p95['rest'])} ms")
    note = (
        f"list and call p50 {number(p50['mcp'])}, p95 {number(p95['mcp'])} ms;"
        f" REST p50 {number(p50['rest'])} ms;"
        f" gateway's CPU {number(cpus['mcp'])} ms, REST {number(cpus['rest'])} ms"
    )
    figure, more = f"{name}: list and call over REST, p95", p95["mcp"] - p95["rest"]
    return Figure(_BENCH, figure, more, "ms", (at_most(_MORE_MS),), p95["rest"], note)


def _p(rounds: Sequence[_Taken], share: float) -> float:
    """Milliseconds."""
    return median([percentile(each.seconds, share) for each in rounds]) * 1000


async def _timed(ask: Callable[[], Awaitable[None]], cpu: Cpu, count: int) -> _Taken:
    used, seconds = cpu.measured(), list[float]()
    for _ in range(count):
        began = time.perf_counter()
        await ask()
        seconds.append(time.perf_counter() - began)
    return _Taken(seconds, used()["gateway"] / count)


async def _rest(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    answer.raise_for_status()
    answer.json()


async def _call(client: Client, name: str) -> None:
    await client.list_tools(cache_mode="bypass")
    result = await client.call_tool(name, {})
    if result.is_error:
        raise RuntimeError(f"{name}: {result.content}")


async def _largest(running: Platform, client: Client) -> Figure:
    """Tokens of the largest answer, at three bytes each."""
    found: dict[str, tuple[float, float]] = {}
    cpu = Cpu({"gateway": running.parts["gateway"]})
    for name, arguments in _SIZED.items():
        tool = name.partition(" ")[0]
        await client.call_tool(tool, dict(arguments))
        used = cpu.measured()
        result = await client.call_tool(tool, dict(arguments))
        (content,) = result.content
        assert isinstance(content, TextContent)
        if result.is_error or "data" not in json.loads(content.text):
            raise RuntimeError(f"{name}: {content.text[:500]}")
        tokens = len(content.text.encode()) / CHARACTERS_OF_TOKEN
        found[name] = tokens, used()["gateway"]
        log(f"{name}: {number(tokens)} tokens, CPU {found[name][1] * 1000:.0f} ms")
    ordered = sorted(found.items(), key=lambda item: -item[1][0])
    note = ", ".join(
        f"{name} {tokens:,.0f} ({cpu * 1000:.0f} ms)" for name, (tokens, cpu) in ordered
    )
    most = ordered[0][1][0]
    return Figure(
        _BENCH, f"largest answer of {PODS:,} pods", most, "tokens", (at_most(MOST_TOKENS),),
        note=f"tokens and the gateway's CPU: {note}",
    )  # fmt: skip
