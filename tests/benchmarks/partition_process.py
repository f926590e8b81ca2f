"""One process of `partitions`: folds some of the clusters' events, by our runner or by hand.

Told on its command line: by which of the two, the bus, the database, its partition, of how many,
and the last event. It says when it is ready, waits for a line, folds, and says when it is done.
"""

import asyncio
import sys

import psycopg
import uvloop
from pydantic import SecretStr

from projections.alerts.projector import projection
from services.runtime import bus as buses
from services.runtime.projections.partition import PartitionRunner, partition_of
from services.runtime.projections.runner import Runner
from services.runtime.settings import DatabaseSettings, NatsSettings
from tests.benchmarks.kit import calm_collector
from tests.benchmarks.raw_projection import RawLoop

OURS, RAW = "ours", "raw"


def _say(word: str) -> None:
    """Say it, and go on when told to."""
    print(word, flush=True)
    sys.stdin.readline()


async def _ours(nats: str, database: str, number: int, of: int, last: int) -> None:
    bus = await buses.connect(NatsSettings(url=nats), "benchmark")
    where = DatabaseSettings(url=SecretStr(database), timeout=60)
    told = projection, "live", bus, where
    runner = Runner(*told) if of == 1 else PartitionRunner(*told, partition=number, of=of)
    stopping = asyncio.Event()
    _say("ready")
    running = asyncio.create_task(runner.run(stopping))
    while runner.sequence < last:
        async with runner.moved:
            await runner.moved.wait()
    stopping.set()
    await asyncio.to_thread(_say, "done")
    await running
    await bus.close()


async def _raw(nats: str, database: str, number: int, of: int, last: int) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        loop = RawLoop(nats, connection, lambda subject: partition_of(subject, of) == number)
        await loop.prepare()
        _say("ready")
        await loop.run(last)
        _say("done")


def main() -> None:
    """Run as told."""
    kind, nats, database, *numbers = sys.argv[1:]
    number, of, last = map(int, numbers)
    calm_collector()
    run = _ours if kind == OURS else _raw
    uvloop.run(run(nats, database, number, of, last))


if __name__ == "__main__":
    main()
