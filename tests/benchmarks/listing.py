"""``GET /api/v1/alerts``, 20 of 100,000, against a bare ASGI application with the same SQL."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from deploy.local.ports import free_port
from projections.alerts import queries
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.principals import EVERYWHERE
from services.runtime.queries import Page
from tests.benchmarks import material
from tests.benchmarks.bare import Asked
from tests.benchmarks.client import Address
from tests.benchmarks.kit import (
    Cpu,
    Figure,
    Options,
    at_most,
    by_part,
    log,
    median,
    number,
    percentile,
    ratio,
)
from tests.benchmarks.load import Outcome, Requests, closed_loop, open_loop
from tests.benchmarks.platform import Platform, platform, register_cluster, seed
from tests.kit.tree import ROOT

_BENCH = "listing"
_WIDTH, _CALM, _ROUNDS = 16, 200, 3
_PATH = "/api/v1/alerts/"


async def measure(options: Options) -> list[Figure]:
    """Seed through the log and the real projector; then both in turn, medians of rates."""
    with platform() as running:
        await register_cluster(running.address)
        async with running.bus() as bus:
            # After the first 5,000 every fifth ends an alert, which gives 100,000 rows.
            last = await seed(bus, material.plan(options.pick(123_750, 25_000), 5000))
        running.until_projected(last, "alerts", "activity")
        rows = running.ask("select sum(n)::bigint from alerts.tally")[0][0]
        log(f"{rows:,} alerts in the table and in the tally")
        # What autovacuum would have done in a few minutes; both profit.
        running.ask("vacuum analyze alerts.open, alerts.past, alerts.tally")
        async with _bare(running) as bare:
            compared = await _compare(running, bare, options)
        return [compared, await _calm(running, options)]


async def _compare(running: Platform, bare: tuple[Address, int], options: Options) -> Figure:
    address, pid = bare
    ours, raw = running.address, address
    contenders = {
        "ours": (ours, ours.request("GET", _PATH), Cpu(running.parts)),
        "raw": (raw, raw.request("GET", "/"), Cpu({"bare": pid})),
    }
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    spent: dict[str, str] = {}
    seconds = options.pick(5.0, 2.0)
    for each, request, _ in contenders.values():
        await closed_loop(each, _always(request), width=_WIDTH, seconds=1.0)
    for _ in range(_ROUNDS):
        for name, (each, request, cpu) in contenders.items():
            used = cpu.measured()
            found = await closed_loop(each, _always(request), width=_WIDTH, seconds=seconds)
            _require(found)
            rates[name].append(found.rate)
            spent[name] = by_part(used(), 1e6 / len(found.latencies), " µs")
    rate, limit = median(rates["ours"]), median(rates["raw"])
    log(f"ours {rate:,.0f}/s, raw {limit:,.0f}/s")
    note = f"CPU per request: ours {spent['ours']}; raw {spent['raw']} without PostgreSQL's"
    name = f"20 of the alerts, {_WIDTH} connections"
    return Figure(_BENCH, name, rate, "requests/s", (ratio(0.5),), limit, note)


async def _calm(running: Platform, options: Options) -> Figure:
    request = running.address.request("GET", _PATH)
    requests = [request] * (_CALM * options.pick(15, 4))
    found, _ = await open_loop(running.address, requests, rate=_CALM)
    _require(found)
    p50, p95, p99 = (percentile(found.latencies, share) * 1000 for share in (0.5, 0.95, 0.99))
    note = f"p50 {number(p50)}, p99 {number(p99)} ms"
    return Figure(_BENCH, f"p95 at {_CALM}/s", p95, "ms", (at_most(25),), note=note)


def _always(request: bytes) -> Requests:
    def requests(_: int) -> bytes:
        return request

    return requests


def _require(outcome: Outcome) -> None:
    if outcome.refused or not outcome.latencies:
        raise RuntimeError(f"{len(outcome.refused)} refused, first {outcome.refused[:1]}")


class _Listener(Database):
    """Notes the statement that a query asks for."""

    def __init__(self) -> None:
        self.asked: tuple[str, Any] = "", None

    async def fetch_one(self, sql: str, parameters: Any = None) -> tuple[Any, ...] | None:
        self.asked = sql, parameters
        return None


async def _statement(url: str) -> Asked:
    """The very SQL of our listing."""
    listener = _Listener()
    await queries.listing(
        listener, queries.AlertFilter(EVERYWHERE), Page(1, 20), SystemClock().now()
    )
    sql, parameters = listener.asked
    return Asked(url, sql, parameters)


@asynccontextmanager
async def _bare(running: Platform) -> AsyncGenerator[tuple[Address, int]]:
    """The bare application for the time of a block: where it is, and its process id."""
    port, asked = free_port(), await _statement(running.database)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.bare", str(port)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(asked))
    process.stdin.close()
    try:
        yield await _answering(Address("127.0.0.1", port)), process.pid
    finally:
        process.terminate()
        await process.wait()


async def _answering(address: Address) -> Address:
    for _ in range(200):
        try:
            await address.once("GET", "/")
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return address
    raise RuntimeError("the bare application does not answer")
