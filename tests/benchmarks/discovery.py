"""Discovery of a cluster of 1,000 nodes and 10,000 pods: CPU and memory of the platform's side.

Ours and the raw fetch of the same pages, nothing decoded, take turns in fresh processes. Run as
``python -m tests.benchmarks.discovery ours|raw``, this module is such a process: where to go comes
as JSON on its standard input, what it took goes to its standard output.
"""

import asyncio
import json
import re
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvloop

from services.clusters.kube_api import KubeApi
from services.runtime.clock import SystemClock
from services.runtime.outbound.clients import Outbound, Target
from tests.benchmarks.kit import (
    Figure,
    Options,
    at_most,
    calm_collector,
    log,
    median,
    number,
    ratio,
)
from tests.kit.tree import ROOT

_BENCH = "discovery"
_READER = "system:serviceaccount:aiops-system:reader"
_START_WITHIN, _DEADLINE = 60.0, 120.0


class Place(msgspec.Struct, frozen=True):
    """The simulated cluster, and what is to be there."""

    url: str
    ca: str
    token: str
    nodes: int
    pods: int

    @property
    def objects(self) -> int:
        """What is listed, but for a handful of others."""
        return self.nodes + self.pods


class Taken(msgspec.Struct, frozen=True):
    """What one discovery took."""

    cpu: float
    """Seconds."""
    seconds: float
    growth: float
    """MB between the memory before and its peak."""
    requests: int
    received: float
    """MB, as they came."""


async def measure(options: Options) -> list[Figure]:
    """Fresh processes in turn; medians."""
    nodes, pods = options.pick((1000, 10_000), (200, 2_000))
    taken: dict[str, list[Taken]] = {"ours": [], "raw": []}
    async with _cluster(nodes, pods) as place:
        for _ in range(options.pick(5, 2)):
            for name, each in taken.items():
                each.append(await _fresh(name, place))
    return _figures(place, taken)


def _figures(place: Place, taken: Mapping[str, list[Taken]]) -> list[Figure]:
    ours, raw = taken["ours"], taken["raw"]
    cpu, raw_cpu = _median(ours, "cpu"), _median(raw, "cpu")
    growth, raw_growth = _median(ours, "growth"), _median(raw, "growth")
    log(f"CPU {cpu * 1000:.0f} ms, raw {raw_cpu * 1000:.0f} ms; memory +{growth:.1f} MB")
    listed = f"{place.nodes:,} nodes, {place.pods:,} pods"
    about = (
        f"{ours[0].requests} requests, {number(ours[0].received)} MB,"
        f" {number(_median(ours, 'seconds'))} s with the simulator's part;"
        f" raw {number(raw_cpu * 1000)} ms"
    )
    rate, limit = place.objects / cpu, place.objects / raw_cpu
    note = f"raw +{number(raw_growth)} MB"
    return [
        Figure(_BENCH, f"CPU, {listed}", cpu, "s", (at_most(2),), note=about),
        Figure(_BENCH, "objects a second of CPU", rate, "/s", (ratio(0.4),), limit),
        Figure(_BENCH, "growth of memory to its peak", growth, "MB", (at_most(150),), note=note),
    ]


def _median(taken: Iterable[Taken], name: str) -> float:
    return median([getattr(each, name) for each in taken])


@asynccontextmanager
async def _cluster(nodes: int, pods: int) -> AsyncGenerator[Place]:
    """A simulated cluster in a process of its own, for the time of a block."""
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as folder:
        sizes = ("--clusters", "1", "--nodes", str(nodes), "--pods", str(pods))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.simulator", *sizes, "--port", "0", "--folder", folder),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_START_WITHIN):
                ready = json.loads(await process.stdout.readline())
            yield _place(ready, nodes, pods)
        finally:
            process.terminate()
            await process.wait()


def _place(ready: Mapping[str, Any], nodes: int, pods: int) -> Place:
    (cluster,) = ready["clusters"]
    secrets = json.loads(Path(ready["credentials"]).read_text())
    return Place(
        url=cluster["api_server_url"],
        ca=Path(ready["ca"]).read_text(),
        token=secrets[cluster["name"]]["accounts"][_READER],
        nodes=nodes,
        pods=pods,
    )


async def _fresh(name: str, place: Place) -> Taken:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.discovery", name),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_DEADLINE):
        told, _ = await process.communicate(msgspec.json.encode(place))
    if process.returncode:
        raise RuntimeError(f"the process of {name} ended with {process.returncode}")
    return msgspec.json.decode(told, type=Taken)


class _Watched:
    """Counts what goes over the wire of a client."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.asked: list[httpx.Request] = []
        self.received = 0
        client.event_hooks = {"request": [self._ask], "response": [self._answer]}

    async def _ask(self, request: httpx.Request) -> None:
        self.asked.append(request)

    async def _answer(self, response: httpx.Response) -> None:
        self.received += int(response.headers.get("content-length", 0))


Run = Callable[[], Awaitable[None]]


async def _ours(place: Place, outbound: Outbound) -> tuple[_Watched, Run]:
    target = Target(base_url=place.url, ca=place.ca, token=place.token)
    watched = _Watched(outbound.client(target))
    api = KubeApi(watched.client, 30.0)
    await api.ready()

    async def run() -> None:
        found = await api.discover(_DEADLINE)
        if found.capabilities.node_count != place.nodes:
            raise RuntimeError(f"{found.capabilities.node_count} nodes were found")

    return watched, run


async def _raw(place: Place, outbound: Outbound) -> tuple[_Watched, Run]:
    """The very requests of ours, once more, on a plain client."""
    planned, plan = await _ours(place, outbound)
    planned.asked.clear()
    await plan()
    context = ssl.create_default_context(cadata=place.ca)
    headers = {"Authorization": f"Bearer {place.token}"}
    watched = _Watched(httpx.AsyncClient(verify=context, headers=headers, trust_env=False))
    await watched.client.get(planned.asked[0].url)
    # The tokens of the simulator are the same every time, as nothing changes there by itself.
    requests = [(each.url, {"Accept": each.headers["Accept"]}) for each in planned.asked]

    async def run() -> None:
        for url, accept in requests:
            await watched.client.get(url, headers=accept)

    return watched, run


async def _take(name: str, place: Place) -> Taken:
    outbound, clock = Outbound(SystemClock()), SystemClock()
    watched, run = await (_ours if name == "ours" else _raw)(place, outbound)
    watched.asked.clear()
    watched.received = 0
    calm_collector()
    before = _forget_peak()
    began, cpu = clock.monotonic(), time.process_time()
    await run()
    seconds, cpu = clock.monotonic() - began, time.process_time() - cpu
    growth = (_memory("VmHWM") - before) / 1e6
    await outbound.close()
    return Taken(cpu, seconds, growth, len(watched.asked), watched.received / 1e6)


def _forget_peak() -> int:
    """Let the peak of memory begin anew; what is held now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def main() -> None:
    """One discovery, in this process."""
    place = msgspec.json.decode(sys.stdin.buffer.read(), type=Place)
    taken = uvloop.run(_take(sys.argv[1], place))
    sys.stdout.buffer.write(msgspec.json.encode(taken))


if __name__ == "__main__":
    main()
