"""Catch-up of the alerts projection by one, two and four processes that share the clusters evenly.

Beside it as many hand-written loops with the same shares. Servers and processes share the machine,
so with more processes than cores the rate says little: what an event costs in all says more.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
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
from tests.benchmarks.kit import Cpu, Figure, Options, at_least, at_most, by_part, log, median
from tests.benchmarks.partition_process import OURS, RAW
from tests.benchmarks.platform import context, event_log
from tests.benchmarks.raw_projection import make_table
from tests.kit.embedded import NatsServer, PostgresServer, running_nats, running_postgres

_BENCH = "partitions"
_LAG, _AT_ONCE = 5_000, 500
_FIRST_CLUSTER = 0xC1
_CLUSTERS = 16
_PROCESSES = {1: "one process", 2: "two processes", 4: "four processes"}
_MOST = max(_PROCESSES)


@dataclass(frozen=True)
class _Place:
    nats: NatsServer
    postgres: PostgresServer
    last: int


@dataclass(frozen=True)
class _Run:
    """What one catch-up has shown."""

    rate: float
    """Events a second."""
    spent: Mapping[str, float]
    """Microseconds of CPU an event, by part; those of Python are numbered."""

    @property
    def all(self) -> float:
        """Of all parts."""
        return sum(self.spent.values())

    @property
    def python(self) -> float:
        """Of all that fold."""
        return sum(each for part, each in self.spent.items() if part.startswith("python"))


_Runs = dict[tuple[str, int], list[_Run]]


async def measure(options: Options) -> list[Figure]:
    """Each in turn into a fresh database; medians of rates and of CPU."""
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
        runs = await _rounds(_Place(nats, postgres, last), rounds)
    return _figures(runs)


def _figures(runs: _Runs) -> list[Figure]:
    rate = {of: median([each.rate for each in found]) for of, found in runs.items()}
    cost = {of: median([each.all for each in found]) for of, found in runs.items()}
    python = {of: median([each.python for each in found]) for of, found in runs.items()}
    what = "alerts, catch-up"
    several = [of for of in _PROCESSES if of > 1]
    return [
        *(Figure(_BENCH, f"{what}, {name}", rate[OURS, of], "events/s", (), rate[RAW, of],
                 by_part(_middle(runs[OURS, of]).spent, unit=" µs of CPU an event"))
          for of, name in _PROCESSES.items()),
        *(Figure(_BENCH, f"{_PROCESSES[of]} to one", rate[OURS, of] / rate[OURS, 1], "times",
                 (at_least(1.6),) if of == 2 else (), rate[RAW, of] / rate[RAW, 1],
                 f"raw: {of} loops to one")
          for of in several),
        *(Figure(_BENCH, f"CPU of all parts an event, {_PROCESSES[of]} to one",
                 cost[OURS, of] / cost[OURS, 1], "times", (at_most(1.1),),
                 cost[RAW, of] / cost[RAW, 1],
                 f"{cost[OURS, 1]:.0f} and {cost[OURS, of]:.0f} µs; of those who fold"
                 f" {python[OURS, 1]:.0f} and {python[OURS, of]:.0f}; raw {cost[RAW, 1]:.0f} and"
                 f" {cost[RAW, of]:.0f}")
          for of in several),
    ]  # fmt: skip


def _middle(runs: list[_Run]) -> _Run:
    return sorted(runs, key=lambda each: each.all)[len(runs) // 2]


async def _rounds(place: _Place, rounds: int) -> _Runs:
    runs: _Runs = {}
    for turn in range(rounds):
        for kind in (OURS, RAW):
            for of in _PROCESSES:
                where = await _fresh_database(place.postgres, f"p{turn}_{kind}_{of}", kind, of)
                run = await _run(place, where.url.get_secret_value(), kind, of)
                runs.setdefault((kind, of), []).append(run)
    return runs


async def _run(place: _Place, url: str, kind: str, of: int) -> _Run:
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
    run = _Run(rate, {part: each * 1e6 / place.last for part, each in used().items()})
    log(f"{kind}, {of}: {rate:,.0f} events/s; CPU per event: {by_part(run.spent)} µs")
    _go_on(processes)
    await asyncio.gather(*(each.wait() for each in processes))
    return run


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
    """The events of `projection`, by turns of sixteen clusters, as many in each partition."""
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
    """Of four partitions each has as many; so has each of two, as the hash's lowest bits tell."""
    shares: list[list[UUID]] = [[] for _ in range(_MOST)]
    number = _FIRST_CLUSTER
    while min(map(len, shares)) < _CLUSTERS // _MOST:
        cluster = UUID(int=number)
        share = shares[partition_of(f"evt.{cluster}.alert", _MOST)]
        if len(share) < _CLUSTERS // _MOST:
            share.append(cluster)
        number += 1
    return [cluster for turn in zip(*shares, strict=True) for cluster in turn]


def _of(cluster: UUID, report: material.Report) -> AlertFired | AlertResolved:
    event = material.event(report)
    alert = event.alert.model_copy(update={"cluster_id": cluster})
    return event.model_copy(update={"alert": alert})
