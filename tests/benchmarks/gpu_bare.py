"""The least that GPU samples of a fleet cost: asked, decoded and copied by hand, nothing else."""

import asyncio
import os
import time
from collections.abc import Mapping

import msgspec
import psycopg

from tests.benchmarks.client import Address, Connection
from tests.benchmarks.gpu_fleet import CLUSTERS, EVERY, Source
from tests.benchmarks.kit import Cpu
from tests.benchmarks.platform import Platform

_COLUMNS = 8


class _Series(msgspec.Struct, gc=False):
    metric: dict[str, str]
    value: tuple[float, str]


class _Data(msgspec.Struct):
    result: list[_Series]


class _Answer(msgspec.Struct):
    data: _Data


_DECODER = msgspec.json.Decoder(_Answer)


async def bare(source: Source, hub: Platform, seconds: float) -> Mapping[str, float]:
    """CPU seconds a second, by part, while the whole fleet is sampled at its pace."""
    with psycopg.connect(hub.database, autocommit=True) as database:
        values = ", ".join(f"v{number} real" for number in range(_COLUMNS))
        database.execute(f"create unlogged table public.bare (at float8, {values})".encode())
        connection = await Address("127.0.0.1", source.port).connect()
        parts = Cpu({"by hand": os.getpid(), "postgres": hub.parts["postgres"]})
        # The Prometheuses are a child of this process; they are nobody's cost.
        theirs, used = Cpu({"source": source.pid}).measured(), parts.measured()
        began = time.perf_counter()
        for number in range(int(seconds * CLUSTERS / EVERY)):
            await _one(connection, database, number % CLUSTERS)
            due = began + (number + 1) * EVERY / CLUSTERS
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        took = time.perf_counter() - began
        cpu, source_cpu = used(), theirs()["source"]
        database.execute("drop table public.bare")
        connection.close()
    cpu["by hand"] -= source_cpu
    return {name: spent / took for name, spent in cpu.items()}


async def _one(connection: Connection, database: psycopg.Connection, cluster: int) -> None:
    address = Address("127.0.0.1", 0)
    request = address.request("POST", f"/c{cluster}/api/v1/query", b"query=DCGM_FI")
    found = _DECODER.decode((await connection.ask(request)).body).data.result
    gpus: dict[str, list[float]] = {}
    for each in found:
        gpus.setdefault(each.metric["UUID"], []).append(float(each.value[1]))
    at = time.time()
    with database.cursor().copy("copy public.bare from stdin (format binary)") as copy:
        copy.set_types(["float8", *["float4"] * _COLUMNS])
        for values in gpus.values():
            copy.write_row((at, *values[:_COLUMNS]))
