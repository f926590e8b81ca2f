"""What things take: an alert and a GPU sample on disk, an event in each stage, a start."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local.ports import free_port
from services.runtime import streams
from tests.benchmarks import gpu
from tests.benchmarks.gpu_fleet import gpu_fleet
from tests.benchmarks.kit import Figure, Options, at_most, by_part, log, number
from tests.benchmarks.platform import Platform, platform, registration
from tests.chaos.load import Load

_BENCH = "footprint"
_CLUSTERS = 50
_RATE = 500.0
_SETTLE = 20.0
"""Seconds: first checks of new clusters shall be over."""


async def measure(options: Options) -> list[Figure]:
    """Starts first, then alerts, then GPUs."""
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as name:
        place = Path(name) / "hub"
        cold = _start(place)
        warm = min(_start(place) for _ in range(options.pick(3, 1)))
    figures = [
        Figure(_BENCH, "aiops up, from the command to ready, warm", warm, "s", (at_most(5),),
               note=f"the first one in an empty directory {number(cold)} s")
    ]  # fmt: skip
    with platform() as hub:
        figures += await _alerts(hub, options.pick(120.0, 20.0))
    with gpu_fleet(free_port()) as source, platform() as hub:
        await gpu.registered(hub, source)
        await gpu.settled(hub, share=0.5)
        figures.append(await _samples(hub, options.pick(180.0, 30.0)))
    return figures


def _start(place: Path) -> float:
    place.mkdir(exist_ok=True)
    began = time.perf_counter()
    with platform(kept=place):
        return time.perf_counter() - began


async def _alerts(hub: Platform, seconds: float) -> list[Figure]:
    """Each fires and ends, in posts of 50."""
    load = Load(_url(hub), hub.address.token, await _registered(hub), _RATE)
    await asyncio.sleep(_SETTLE)
    before, used = await _Size.of(hub), hub.cpu.measured()
    posting = asyncio.create_task(load.run())
    await asyncio.sleep(seconds)
    load.stopping.set()
    await posting
    async with hub.bus() as bus:
        last = (await bus.api(f"STREAM.INFO.{streams.EVENTS}"))["state"]["last_seq"]
    await asyncio.to_thread(hub.until_projected, last, "alerts", "activity", "incidents")
    cpu, after = used(), await _Size.of(hub)
    fired, events = len(load.ledger.fired), after.events - before.events
    log(f"{fired:,} alerts, {events:,} events")
    disk = (after.stream - before.stream) / fired
    rows = (after.database - before.database) / fired
    total = sum(cpu.values()) * 1e6 / events
    return [
        Figure(_BENCH, "an alert that fires and ends, on disk", disk + rows, "bytes",
               note=f"log {disk:,.0f}, tables and indexes {rows:,.0f}"),
        Figure(_BENCH, f"1,000 events of alerts at {_RATE:.0f} reports/s: CPU", total, "ms",
               note=by_part(cpu, 1e6 / events, " ms")),
    ]  # fmt: skip


async def _samples(hub: Platform, seconds: float) -> Figure:
    before, there = await _Size.of(hub), _count(hub)
    await asyncio.sleep(seconds)
    after, more = await _Size.of(hub), _count(hub) - there
    log(f"{more:,} GPU samples")
    stream = (after.telemetry - before.telemetry) / more
    rows = (after.samples - before.samples) / more
    return Figure(
        _BENCH, "a GPU sample on disk", stream + rows, "bytes",
        note=f"stream {stream:,.0f} (compressed, 48 h at most), table and index {rows:,.0f}",
    )  # fmt: skip


class _Size:
    """What lies on disk, in bytes."""

    def __init__(self, hub: Platform, events: int) -> None:
        store = hub.directory / "nats"
        self.events = events
        self.stream = _bytes(store, "EVT")
        self.telemetry = _bytes(store, "TEL")
        hub.ask("checkpoint")
        self.database = hub.ask("select pg_database_size(current_database())")[0][0]
        self.samples = hub.ask(
            "select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint from pg_inherits"
            " where inhparent = 'aiops.gpu_sample'::regclass"
        )[0][0]

    @classmethod
    async def of(cls, hub: Platform) -> "_Size":
        """Now; the server writes what it holds back within seconds."""
        await asyncio.sleep(3)
        async with hub.bus() as bus:
            told: Mapping[str, int] = (await bus.api(f"STREAM.INFO.{streams.EVENTS}"))["state"]
        return await asyncio.to_thread(cls, hub, told["messages"])


def _bytes(store: Path, stream: str) -> int:
    """Of the blocks of a stream's messages."""
    blocks = list(store.rglob(f"{stream}/msgs/*.blk"))
    if not blocks:
        raise RuntimeError(f"no blocks of {stream} in {store}")
    return sum(each.stat().st_size for each in blocks)


def _count(hub: Platform) -> int:
    return hub.ask("select count(*) from aiops.gpu_sample")[0][0]


def _url(hub: Platform) -> str:
    return f"http://{hub.address.host}:{hub.address.port}"


async def _registered(hub: Platform) -> list[str]:
    token = {"Authorization": f"Bearer {hub.address.token}"}
    async with httpx.AsyncClient(base_url=_url(hub), headers=token, timeout=30) as client:
        ids: list[str] = []
        for number_of in range(_CLUSTERS):
            body = registration(f"footprint-{number_of}")
            answer = (await client.post("/api/v1/clusters", json=body)).raise_for_status()
            ids.append(answer.json()["id"])
        return ids
