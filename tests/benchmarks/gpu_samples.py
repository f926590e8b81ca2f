"""Samples of GPUs from the bus into PostgreSQL in catch-up, against COPY and against reading."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import psutil
import psycopg
from psycopg import conninfo
from pydantic import SecretStr

from contracts.subjects import token
from projections.gpu.keeping import GpuKeeper
from projections.gpu.known import from_micro, to_micro
from projections.gpu.samples import Samples
from projections.gpu.told import read
from projections.gpu.writing import copy_samples
from services.runtime import bus as buses, database, streams
from services.runtime.bus import Bus, Outgoing
from services.runtime.clock import SystemClock
from services.runtime.projections.keeping import KeepingRunner
from services.runtime.projections.ranges import Ranges
from services.runtime.pull import Ordered, PullReader
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.benchmarks.kit import Cpu, Figure, Options, at_least, at_most, by_part, log, median
from tests.kit.embedded import NatsServer, PostgresServer, running_nats, running_postgres
from tests.kit.gpu_builders import gpu, gpu_update

_NODES, _CLUSTERS, _GPUS = 1250, 200, 8
_INTERVAL = 15
_AT_ONCE = 250


@dataclass(frozen=True)
class _Place:
    """Where everybody reads and writes."""

    nats: NatsServer
    postgres: PostgresServer
    bus: Bus
    last: int

    @property
    def rows(self) -> int:
        return self.last * _GPUS

    @property
    def cpu(self) -> Cpu:
        parts = {"nats": self.nats.pid, "postgres": self.postgres.pid}
        return Cpu(parts | {"python": psutil.Process().pid})


@dataclass(frozen=True)
class _Run:
    rate: float
    megabytes: float


async def measure(options: Options) -> list[Figure]:
    """Everything in turn, each time into a fresh database; medians of rates."""
    amount, rounds = options.pick((40, 3), (8, 1))
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory())
        nats = stack.enter_context(running_nats(Path(name) / "nats"))
        postgres = stack.enter_context(running_postgres(Path(name) / "postgres"))
        settings = Settings(nats=NatsSettings(url=nats.url))
        bus = await buses.connect(settings.nats, "benchmark")
        try:
            await streams.ensure(bus, settings)
            place = _Place(nats, postgres, bus, await _seed(bus, amount))
            return await _rounds(place, settings, rounds)
        finally:
            await bus.close()


async def _rounds(place: _Place, settings: Settings, rounds: int) -> list[Figure]:
    runs: list[_Run] = []
    copied: list[float] = []
    read_alone: list[float] = []
    for turn in range(rounds):
        where = await _fresh_database(place.postgres, f"gpu{turn}")
        copied.append(await _copied(place, where))
        read_alone.append(await _read_alone(place))
        where = await _fresh_database(place.postgres, f"ours{turn}")
        runs.append(await _ours(place, settings.model_copy(update={"database": where})))
    ours, what = median([run.rate for run in runs]), "GPU samples, catch-up"
    return [
        Figure(
            "gpu_samples", what, ours, "rows/s", (at_least(100_000),), median(copied),
            "raw: COPY of the same rows into the same table, without index look-ups and positions",
        ),
        Figure(
            "gpu_samples", f"{what}, against reading", ours, "rows/s", (), median(read_alone),
            "raw: the messages pulled and not looked at",
        ),
        Figure(
            "gpu_samples", f"{what}, memory", max(run.megabytes for run in runs), "MB",
            (at_most(200),), None, "what the process grows by",
        ),
    ]  # fmt: skip


def _messages(amount: int, end: datetime) -> Iterator[Outgoing]:
    """A fleet of 10,000 GPUs sampled in turn, some of whose values change each time."""
    random = Random(1)
    nodes = [_node(number) for number in range(_NODES)]
    for turn in range(amount):
        at = end - timedelta(seconds=_INTERVAL * (amount - turn))
        for number, (subject, told) in enumerate(nodes):
            told["sampled_at"] = (at + timedelta(milliseconds=12 * number)).isoformat()
            for each in told["gpus"]:
                each["utilization_gpu_percent"] = float(random.randrange(100))
                each["power_draw_watts"] = random.randrange(70_000) / 100
                each["temperature_celsius"] = float(random.randrange(30, 90))
            yield Outgoing(subject, msgspec.json.encode(told), {})


def _node(number: int) -> tuple[str, dict[str, Any]]:
    cluster, name = UUID(int=number % _CLUSTERS + 1), f"gpu-worker-{number}.example.com"
    gpus = [
        gpu(
            uuid=(uuid := f"GPU-{number:08x}-0000-1111-2222-{index:012x}"),
            index=index,
            sm_clock_mhz=1980.0,
            memory_clock_mhz=2619.0,
            throttle_reasons=(),
            xid=0,
            nvlink_bytes_per_second=123_456_789.0,
            memory_temperature_celsius=70.0,
            processes=(
                {"gpu_uuid": uuid, "attribution": "POD", "namespace": "training", "pod": "llm-0"},
            ),
        )
        for index in range(_GPUS)
    ]
    update = gpu_update(cluster_id=cluster, node_name=name, gpus=gpus)
    told: dict[str, Any] = msgspec.json.decode(update.model_dump_json())
    return f"tel.gpu.{cluster}.{token(name)}", told


async def _seed(bus: Bus, amount: int) -> int:
    last, part = 0, list[Outgoing]()
    for message in _messages(amount, SystemClock().now()):
        part.append(message)
        if len(part) == _AT_ONCE:
            answers = await bus.publish_each(part)
            last = max(each.seq for each in answers if not isinstance(each, Exception))
            part.clear()
    log(f"seeded the telemetry up to {last:,}")
    return last


async def _fresh_database(server: PostgresServer, name: str) -> DatabaseSettings:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
    url = SecretStr(conninfo.make_conninfo(server.url, dbname=name))
    where = DatabaseSettings(url=url, timeout=60)
    await database.migrate(where)
    return where


async def _ours(place: _Place, settings: Settings) -> _Run:
    """The real keeper, from the first look at empty tables on."""
    keeper = GpuKeeper(settings, SystemClock())
    runner, stopping = KeepingRunner(keeper, place.bus, settings.database), asyncio.Event()
    process = psutil.Process()
    before = peak = process.memory_info().rss
    used, began = place.cpu.measured(), time.perf_counter()
    running = asyncio.create_task(runner.run(stopping))
    while runner.sequence < place.last and not running.done():
        await asyncio.sleep(0.05)
        peak = max(peak, process.memory_info().rss)
    seconds, cpu = time.perf_counter() - began, used()
    stopping.set()
    await running
    run = _Run(place.rows / seconds, (peak - before) / 1e6)
    cpu["python"] -= cpu["nats"] + cpu["postgres"]  # Its children.
    spent = by_part(cpu, 1e6 / place.rows, " µs")
    log(f"ours: {run.rate:,.0f} rows/s, {run.megabytes:.0f} MB; CPU per row: {spent}")
    return run


async def _copied(place: _Place, where: DatabaseSettings) -> float:
    """The same rows by COPY into the same table, 50,000 in one transaction."""
    rows: list[tuple[Any, ...]] = []
    samples, ranges = Samples(5.0), Ranges("gpu_sample", "hour")
    async with await database.connect(where, "benchmark", durable=False) as connection:
        reader = PullReader(place.bus, Ordered(streams.TELEMETRY, ("tel.gpu.>",)))
        await reader.open()
        seconds, done = 0.0, 0
        while done < place.last:
            for delivery in await reader.take(200, wait=1.0):
                told = read(delivery.data)
                samples.add(told, to_micro(told.sampled_at))
                done = delivery.sequence
            if len(samples.batch.samples) >= 50_000 or done == place.last:
                rows, samples.batch = samples.batch.samples, type(samples.batch)()
                await ranges.make(connection, {from_micro(row[2]) for row in rows})
                began = time.perf_counter()
                async with connection.transaction():
                    await copy_samples(connection, rows)
                seconds += time.perf_counter() - began
        await reader.close()
    log(f"COPY alone: {place.rows / seconds:,.0f} rows/s")
    return place.rows / seconds


async def _read_alone(place: _Place) -> float:
    reader = PullReader(place.bus, Ordered(streams.TELEMETRY, ("tel.gpu.>",)))
    await reader.open()
    began, done = time.perf_counter(), 0
    while done < place.last:
        for delivery in await reader.take(1000, wait=1.0):
            done = delivery.sequence
    rate = place.rows / (time.perf_counter() - began)
    await reader.close()
    log(f"reading alone: {rate:,.0f} rows/s")
    return rate
