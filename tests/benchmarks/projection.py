"""The alerts projection catching up, against a hand-written pull, decode and COPY loop."""

import asyncio
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import conninfo
from pydantic import SecretStr

from projections.alerts.projector import projection
from services.runtime import bus as buses, database, streams
from services.runtime.bus import Bus
from services.runtime.projections.host import ProjectionHost
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.benchmarks import material
from tests.benchmarks.kit import Cpu, Figure, Options, at_least, by_part, log, median, ratio
from tests.benchmarks.platform import seed
from tests.benchmarks.raw_projection import RawLoop, make_table
from tests.kit.embedded import NatsServer, PostgresServer, running_nats, running_postgres

_LAG = 5_000
_OURS, _BARE, _TALLY = "ours", "raw", "raw with our triggers"


@dataclass(frozen=True)
class _Place:
    """Where all contenders read and write."""

    nats: NatsServer
    postgres: PostgresServer
    bus: Bus
    last: int

    @property
    def cpu(self) -> Cpu:
        parts = {"nats": self.nats.pid, "postgres": self.postgres.pid}
        return Cpu(parts | {"python": psutil.Process().pid})


@dataclass(frozen=True)
class _Run:
    rate: float
    cpu: dict[str, float]


async def measure(options: Options) -> list[Figure]:
    """All contenders in turn, each time into a fresh database; medians of rates."""
    amount, rounds = options.pick((100_000, 3), (20_000, 2))
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory())
        nats = stack.enter_context(running_nats(Path(name) / "nats"))
        postgres = stack.enter_context(running_postgres(Path(name) / "postgres"))
        settings = Settings(nats=NatsSettings(url=nats.url))
        bus = await buses.connect(settings.nats, "benchmark")
        try:
            await streams.ensure(bus, settings)
            last = await seed(bus, material.plan(amount, _LAG))
            place = _Place(nats, postgres, bus, last)
            runs = await _rounds(place, rounds)
        finally:
            await bus.close()
    return _figures(runs)


async def _rounds(place: _Place, rounds: int) -> dict[str, list[_Run]]:
    runs: dict[str, list[_Run]] = {_OURS: [], _BARE: [], _TALLY: []}
    for turn in range(rounds):
        for name in runs:
            where = await _fresh_database(place.postgres, f"b{turn}_{len(name)}")
            found = await (_ours if name == _OURS else _raw)(place, where, name)
            runs[name].append(found)
            spent = by_part(found.cpu, 1e6 / place.last, " µs")
            log(f"{name}: {found.rate:,.0f} events/s; CPU per event: {spent}")
    return runs


def _figures(runs: dict[str, list[_Run]]) -> list[Figure]:
    rates = {name: median([run.rate for run in found]) for name, found in runs.items()}
    targets = (ratio(0.75), at_least(20_000))
    what = "alerts, catch-up"
    return [
        Figure(
            "projection", what, rates[_OURS], "events/s", targets, rates[_BARE],
            "raw keeps no tally",
        ),
        Figure(
            "projection", f"{what}, tally in both", rates[_OURS], "events/s", (), rates[_TALLY],
            "raw with our triggers on its tables",
        ),
    ]  # fmt: skip


async def _fresh_database(server: PostgresServer, name: str) -> DatabaseSettings:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
    url = SecretStr(conninfo.make_conninfo(server.url, dbname=name))
    where = DatabaseSettings(url=url, timeout=60)
    await database.migrate(where)
    return where


async def _ours(place: _Place, where: DatabaseSettings, _: str) -> _Run:
    """The real projection, from the creation of its tables on."""
    host, stopping = ProjectionHost(projection, place.bus, where), asyncio.Event()
    used, began = place.cpu.measured(), time.perf_counter()
    running = asyncio.create_task(host.run(stopping))
    while host.live.sequence < place.last:
        async with host.live.moved:
            await host.live.moved.wait()
    seconds, cpu = time.perf_counter() - began, used()
    stopping.set()
    await running
    return _Run(place.last / seconds, cpu)


async def _raw(place: _Place, where: DatabaseSettings, name: str) -> _Run:
    url = where.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await make_table(connection, tally=name == _TALLY)
        loop = RawLoop(place.nats.url, connection)
        await loop.prepare()
        used, began = place.cpu.measured(), time.perf_counter()
        await loop.run(place.last)
        seconds, cpu = time.perf_counter() - began, used()
    return _Run(place.last / seconds, cpu)
