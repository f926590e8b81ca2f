"""Catch-up of the alerts projection by two processes, each with half of the clusters, and by one.

Beside it two hand-written loops, each with half, and one. Servers and processes share the machine.
"""

import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg import conninfo
from pydantic import SecretStr

from contracts.alerts import AlertFired, AlertResolved
from projections.alerts.projector import projection
from services.runtime import bus as buses, database, streams
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.log import NOTHING, Head
from services.runtime.projections import catalog
from services.runtime.projections.partition import partition_of
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.benchmarks import material
from tests.benchmarks.kit import Cpu, Figure, Options, at_least, by_part, log, median
from tests.benchmarks.partition_process import OURS, RAW
from tests.benchmarks.platform import context, event_log
from tests.benchmarks.raw_projection import make_table
from tests.kit.embedded import NatsServer, PostgresServer, running_nats, running_postgres

_LAG, _AT_ONCE = 5_000, 500
_FIRST_CLUSTER = 0xC1


@dataclass(frozen=True)
class _Place:
    nats: NatsServer
    postgres: PostgresServer
    last: int


async def measure(options: Options) -> list[Figure]:
    """Each in turn into a fresh database; medians of rates."""
    amount, rounds = options.pick((100_000, 3), (20_000, 2))
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory())
        nats = stack.enter_context(running_nats(Path(name) / "nats"))
        postgres = stack.enter_context(running_postgres(Path(name) / "postgres"))
        settings = Settings(nats=NatsSettings(url=nats.url))
        bus = await buses.connect(settings.nats, "benchmark")
        try:
            await streams.ensure(bus, settings)
            last = await _seed(bus, material.plan(amount, _LAG))
        finally:
            await bus.close()
        rates = await _rounds(_Place(nats, postgres, last), rounds)
    return _figures(rates)


def _figures(rates: dict[tuple[str, int], list[float]]) -> list[Figure]:
    found = {of: median(values) for of, values in rates.items()}
    what = "alerts, catch-up"
    return [
        Figure("partitions", f"{what}, one process", found[OURS, 1], "events/s", (), found[RAW, 1]),
        Figure("partitions", f"{what}, two processes", found[OURS, 2], "events/s", (),
               found[RAW, 2]),
        Figure("partitions", "two processes to one", found[OURS, 2] / found[OURS, 1], "times",
               (at_least(1.6),), found[RAW, 2] / found[RAW, 1], "raw: two loops to one"),
    ]  # fmt: skip


async def _rounds(place: _Place, rounds: int) -> dict[tuple[str, int], list[float]]:
    rates: dict[tuple[str, int], list[float]] = {}
    for turn in range(rounds):
        for kind in (OURS, RAW):
            for of in (1, 2):
                where = await _fresh_database(place.postgres, f"p{turn}_{kind}_{of}", kind, of)
                rate = await _run(place, where.url.get_secret_value(), kind, of)
                rates.setdefault((kind, of), []).append(rate)
    return rates


async def _run(place: _Place, url: str, kind: str, of: int) -> float:
    command = sys.executable, "-m", "tests.benchmarks.partition_process", kind, place.nats.url, url
    processes = [
        await asyncio.create_subprocess_exec(
            *command, str(number), str(of), str(place.last),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for number in range(of)
    ]  # fmt: skip
    await _said(processes, "ready")
    parts = {"nats": place.nats.pid, "postgres": place.postgres.pid}
    python = {f"python {number}": each.pid for number, each in enumerate(processes)}
    used, began = Cpu(parts | python).measured(), time.perf_counter()
    _go_on(processes)
    await _said(processes, "done")
    rate = place.last / (time.perf_counter() - began)
    spent = by_part(used(), 1e6 / place.last, " µs")
    log(f"{kind}, {of}: {rate:,.0f} events/s; CPU per event: {spent}")
    _go_on(processes)
    await asyncio.gather(*(each.wait() for each in processes))
    return rate


def _go_on(processes: list[asyncio.subprocess.Process]) -> None:
    for each in processes:
        assert each.stdin is not None
        each.stdin.write(b"\n")


async def _said(processes: list[asyncio.subprocess.Process], word: str) -> None:
    for each in processes:
        assert each.stdout is not None
        said = await each.stdout.readline()
        if said.decode().strip() != word:
            raise RuntimeError(f"a process has not said {word}, but {said!r}")


async def _fresh_database(
    server: PostgresServer, name: str, kind: str, of: int
) -> DatabaseSettings:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
    url = SecretStr(conninfo.make_conninfo(server.url, dbname=name))
    where = DatabaseSettings(url=url, timeout=60)
    await database.migrate(where)
    async with await database.connect(where, "benchmark") as connection:
        if kind == OURS:
            await catalog.create(connection, projection, "live", of)
        else:
            await make_table(connection, tally=True)
    return where


async def _seed(bus: Bus, reports: list[material.Report]) -> int:
    """The events of `projection`, by turns of sixteen clusters, eight in each partition."""
    clusters, written, last, heads = _clusters(), event_log(bus), 0, dict[int, Head]()
    for part in material.posts(reports, _AT_ONCE):
        changes = [
            (_of(clusters[each.number % len(clusters)], each), heads.get(each.number, NOTHING))
            for each in part
        ]
        answers = await written.append_each(changes, context(), SystemClock().now())
        for each, answer in zip(part, answers, strict=True):
            if isinstance(answer, Exception):
                raise answer
            heads[each.number], last = Head(answer), answer
    log(f"seeded the log up to {last:,}")
    return last


def _clusters() -> list[UUID]:
    halves: tuple[list[UUID], list[UUID]] = ([], [])
    number = _FIRST_CLUSTER
    while min(map(len, halves)) < 8:
        cluster = UUID(int=number)
        half = halves[partition_of(f"evt.{cluster}.alert", 2)]
        if len(half) < 8:
            half.append(cluster)
        number += 1
    return [cluster for pair in zip(*halves, strict=True) for cluster in pair]


def _of(cluster: UUID, report: material.Report) -> AlertFired | AlertResolved:
    event = material.event(report)
    alert = event.alert.model_copy(update={"cluster_id": cluster})
    return event.model_copy(update={"alert": alert})
