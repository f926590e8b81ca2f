"""10,000 GPUs sampled every 15 seconds: what that costs, and how soon people see it."""

import asyncio
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from websockets.asyncio.client import connect

from deploy.local.ports import free_port
from tests.benchmarks.client import Address
from tests.benchmarks.gpu_bare import bare
from tests.benchmarks.gpu_fleet import CLUSTERS, EVERY, GPUS, NODES, Source, gpu_fleet
from tests.benchmarks.kit import (
    Figure,
    Options,
    at_most,
    by_part,
    log,
    memory_mb,
    number,
    percentile,
)
from tests.benchmarks.platform import Platform, platform, registration

_BENCH = "gpu"
_SETTLED = 0.995
"""Of all nodes must have been sampled before what they cost is measured."""
_PATIENCE = 420.0
"""Seconds: a cluster that did not answer in its first time is looked at again after 300."""


async def measure(options: Options) -> list[Figure]:
    """Fill the fleet, let it settle, then watch."""
    with gpu_fleet(free_port()) as source, platform() as hub:
        raw = await bare(source, hub, options.pick(60, 15))
        return await _watched(hub, source, raw, options.pick(600, 45))


async def _watched(
    hub: Platform, source: Source, raw: Mapping[str, float], seconds: float
) -> list[Figure]:
    await registered(hub, source)
    await settled(hub)
    log(f"all nodes are sampled; watching for {seconds:g} s")
    client, stopping = _Client(hub.address), asyncio.Event()
    watching = asyncio.create_task(client.run(stopping))
    await asyncio.sleep(5)
    client.seen.clear()
    before, began, used = _samples(hub), time.time(), hub.cpu.measured()
    await asyncio.sleep(seconds)
    cpu, took, after = used(), time.time() - began, _samples(hub)
    stopping.set()
    await watching
    memory = memory_mb(hub.parts["projector"])
    total = sum(cpu.values()) / took * 100
    note = f"{by_part(cpu, 100 / took, ' %')}; by hand {by_part(raw, 100, ' %')}"
    rate = (after - before) / took
    return [
        Figure(
            _BENCH, f"{NODES * GPUS:,} GPUs every {EVERY} s: CPU of all parts", total,
            "% of a core", (at_most(70),), note=note,
        ),
        Figure(
            _BENCH, "CPU, times asking, decoding and copying by hand",
            total / (sum(raw.values()) * 100), "x",
        ),
        Figure(_BENCH, "samples written", rate, "rows/s", note=f"due {NODES * GPUS / EVERY:.0f}"),
        *_delays(client.seen, began, took),
        Figure(_BENCH, "memory of the projector", memory, "MB", (at_most(200),)),
    ]  # fmt: skip


def _delays(seen: list[tuple[float, float]], began: float, took: float) -> list[Figure]:
    delays = [delay * 1e3 for _, delay in seen]
    late = [delay * 1e3 for at, delay in seen if at - began > took * 0.8]
    early = [delay * 1e3 for at, delay in seen if at - began < took * 0.2]
    grown = percentile(late, 0.95) - percentile(early, 0.95)
    note = f"p50 {number(statistics.median(delays))}, worst {number(max(delays))} ms;"
    note += f" {len(seen):,} updates"
    return [
        Figure(_BENCH, "sample taken → WebSocket, p95", percentile(delays, 0.95), "ms",
               (at_most(300),), note=note),
        Figure(_BENCH, "growth of that from the first fifth to the last", grown, "ms",
               (at_most(100),)),
    ]  # fmt: skip


async def registered(hub: Platform, source: Source) -> None:
    connection = await hub.address.connect()
    ids: list[str] = []
    for cluster in range(CLUSTERS):
        body = registration(f"gpu-{cluster}")
        body["cluster_type"] = "SPOKE"
        body["endpoints"] = {"prometheus_url": source.url(cluster)}
        request = hub.address.request("POST", "/api/v1/clusters/", msgspec.json.encode(body))
        answer = await connection.ask(request)
        if answer.status != 201:
            raise RuntimeError(f"no cluster: {answer}")
        ids.append(msgspec.json.decode(answer.body)["id"])
    connection.close()
    # The first look, which shows that there are GPUs, would be within five minutes.
    async with hub.bus() as bus:
        for each in ids:
            await bus.publish(f"due.gpu.{each}", b"{}", {"Nats-TTL": "60s"})


async def settled(hub: Platform, share: float = _SETTLED) -> None:
    """So many of the nodes are sampled."""
    ends = time.monotonic() + _PATIENCE
    while True:
        ((found,),) = hub.ask("select count(*) from aiops.gpu_node")
        if found >= NODES * share:
            break
        if time.monotonic() > ends:
            raise RuntimeError(f"{found} of {NODES} nodes were sampled")
        await asyncio.sleep(1)
    # From then on every 15 seconds: registrations and first samples shall be over.
    await asyncio.sleep(2 * EVERY)


def _samples(hub: Platform) -> int:
    ((found,),) = hub.ask("select count(*) from aiops.gpu_sample")
    return found


class _Payload(msgspec.Struct):
    sampled_at: datetime


class _Frame(msgspec.Struct):
    type: str
    payload: _Payload | None = None


class _Frames(msgspec.Struct):
    type: str
    events: list[_Frame] = []
    payload: _Payload | None = None


@dataclass
class _Client:
    """One who watches all GPUs."""

    address: Address
    seen: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """When an update came, and how long after its sample was taken."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Watch until told to stop."""
        url = f"ws://{self.address.host}:{self.address.port}/ws"
        async with connect(url, max_size=None, compression=None) as socket:
            await socket.send(_json(type="auth", token=self.address.token))
            wanted = {"event_types": ["GPU_UPDATE"]}
            await socket.send(_json(type="subscribe", batch=True, subscription=wanted))
            decoder = msgspec.json.Decoder(_Frames)
            while not stopping.is_set():
                try:
                    async with asyncio.timeout(1):
                        frame = decoder.decode(await socket.recv())
                except TimeoutError:
                    continue
                now = time.time()
                payloads = [frame.payload, *(each.payload for each in frame.events)]
                self.seen += [
                    (now, now - each.sampled_at.timestamp())
                    for each in payloads
                    if each is not None
                ]


def _json(**fields: Any) -> str:
    return msgspec.json.encode(fields).decode()
