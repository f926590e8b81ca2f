"""40,000 series of GPUs every 15 seconds, from the bus to anomalies in the log: what that costs."""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from services.anomalies.online.detector import PARTITIONS
from services.runtime import bus as buses, streams
from services.runtime.bus import Bus, Outgoing
from services.runtime.clock import SystemClock
from services.runtime.settings import NatsSettings, Settings
from tests.benchmarks.detector_process import OURS, RAW
from tests.benchmarks.kit import (
    Cpu,
    Figure,
    Options,
    at_most,
    log,
    memory_mb,
    number,
    percentile,
)
from tests.kit.embedded import NatsServer, running_nats
from tests.kit.samples import CLUSTER_ID

_BENCH = "detector"
_EVERY = 15.0
_GPUS, _METRICS, _SERIES = 8, 10, 40_000
_NODES = _SERIES // (_GPUS * _METRICS)
_STRANGE = 20
"""Nodes of which one GPU is strange at the end."""
_PATIENCE = 300.0


async def measure(options: Options) -> list[Figure]:
    """Some hours are caught up with, then it is watched at its pace; then some GPUs are strange."""
    past, seconds = options.pick((150, 90), (60, 30))
    with tempfile.TemporaryDirectory() as name, running_nats(Path(name) / "nats") as nats:
        bus = await buses.connect(NatsSettings(url=nats.url), "benchmark")
        try:
            await streams.ensure(bus, Settings(nats=NatsSettings(url=nats.url)))
            log(f"{past} samples of {_SERIES:,} series")
            begin = _now() - timedelta(seconds=_EVERY * past)
            for at in range(past):
                await _sample(bus, begin + timedelta(seconds=_EVERY * at))
            return await _watched(bus, nats, past, seconds)
        finally:
            await bus.close()


async def _watched(bus: Bus, nats: NatsServer, past: int, seconds: float) -> list[Figure]:
    began = time.monotonic()
    async with _process(RAW, nats.url) as raw, _process(OURS, nats.url) as ours:
        parts = {"ours": ours.pid, "raw": raw.pid, "nats": nats.pid}
        await _caught_up(ours)
        took = time.monotonic() - began
        used = Cpu(parts).seconds()
        log(f"caught up in {took:.0f} s; watching for {seconds:g} s")
        watched = Cpu(parts).measured()
        await _paced(bus, seconds)
        cpu = watched()
        delays = await _strange(bus)
        memory = memory_mb(ours.pid)
    rows = past * _SERIES
    note = f"raw: reads and decodes; NATS {number(100 * cpu['nats'] / seconds)} %"
    return [
        Figure(
            _BENCH, "40,000 series every 15 s, from the bus to the log",
            100 * cpu["ours"] / seconds, "% of a core", (at_most(50),),
            100 * cpu["raw"] / seconds, note,
        ),
        Figure(_BENCH, "catch-up", rows / used["ours"], "rows/s of CPU", (),
               rows / max(used["raw"], 1e-3), f"{rows:,} rows in {took:.0f} s"),
        Figure(_BENCH, "strange sample → event, p95", 1e3 * percentile(delays, 0.95), "ms", (),
               note=f"{len(delays)} of {_STRANGE} told; once a second is looked"),
        Figure(_BENCH, "memory", memory, "MB"),
    ]  # fmt: skip


def _now() -> datetime:
    return SystemClock().now()


@asynccontextmanager
async def _process(kind: str, url: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    program = sys.executable, "-m", "tests.benchmarks.detector_process", kind, url
    made = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    try:
        yield made
    finally:
        made.kill()
        await made.wait()


def _message(node: int, at: datetime, *, strange: bool = False) -> Outgoing:
    rng = random.Random(node * 7 + int(at.timestamp()))
    cluster = UUID(int=CLUSTER_ID.int + node % 20)
    gpus = [
        {
            "uuid": f"GPU-{node:04}-{gpu}",
            "index": gpu,
            "utilization_gpu_percent": rng.gauss(80, 5),
            "utilization_memory_percent": rng.gauss(40, 3),
            "memory_used_mb": int(rng.gauss(60_000, 500)),
            "temperature_celsius": 5_000.0 if strange and not gpu else rng.gauss(60, 1),
            "memory_temperature_celsius": rng.gauss(70, 1),
            "power_draw_watts": rng.gauss(500, 20),
            "sm_clock_mhz": rng.gauss(1_900, 20),
            "memory_clock_mhz": rng.gauss(2_600, 5),
            "fan_speed_percent": rng.gauss(50, 2),
            "nvlink_bytes_per_second": rng.gauss(1e9, 1e7),
        }
        for gpu in range(_GPUS)
    ]
    body = {"cluster_id": str(cluster), "node_name": f"node-{node}", "sampled_at": at, "gpus": gpus}
    return Outgoing(f"tel.gpu.{cluster}.node-{node}", msgspec.json.encode(body), {})


async def _sample(bus: Bus, at: datetime) -> None:
    for answer in await bus.publish_each([_message(node, at) for node in range(_NODES)]):
        if isinstance(answer, Exception):
            raise answer


async def _paced(bus: Bus, seconds: float) -> None:
    """A part of the nodes each second, as hubs see them."""
    slots = int(_EVERY)
    for tick in range(int(seconds)):
        began, now = time.monotonic(), _now()
        nodes = range(tick % slots, _NODES, slots)
        await bus.publish_each([_message(node, now) for node in nodes])
        await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - began)))


async def _strange(bus: Bus) -> list[float]:
    """How long it takes until it is told that GPUs are strange, of each in seconds."""
    began = time.time()
    now = _now()
    await bus.publish_each([_message(node, now, strange=True) for node in range(_STRANGE)])
    ends = time.monotonic() + 20
    found: dict[str, float] = {}
    while time.monotonic() < ends and len(found) < _STRANGE:
        query = {"seq": 1, "batch": 5_000, "next_by_subj": "evt.*.anomaly.*.detected"}
        for each in await bus.get_many(streams.EVENTS, query):
            told = msgspec.json.decode(each.data)["anomaly"]
            if told["actual_value"] == 5_000.0:
                found.setdefault(told["id"], time.time() - began)
        await asyncio.sleep(0.02)
    return list(found.values())


async def _caught_up(process: asyncio.subprocess.Process) -> None:
    """Once each partition says that it has taken what was there."""
    assert process.stdout is not None
    async with asyncio.timeout(_PATIENCE):
        for _ in range(PARTITIONS):
            while b"caught_up" not in (line := await process.stdout.readline()):
                if not line:
                    raise RuntimeError("the detector has ended")
