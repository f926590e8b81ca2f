"""300,000 alerts from 100 clusters as fast as they are taken, and what others notice of it."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import psutil

from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.pull import Ordered, PullReader
from tests.benchmarks import material
from tests.benchmarks.client import Address, Connection
from tests.benchmarks.kit import Figure, Options, at_least, at_most, log, percentile
from tests.benchmarks.load import connections
from tests.benchmarks.platform import Platform, platform, registration
from tests.kit.runtime import eventually

_BENCH = "storm"
_CLUSTERS, _ALERTS, _POST = 100, 300_000, 50
_SINGLE = 30
"""Every so many alerts one comes in a post of its own."""
_READS = ("/api/v1/alerts/", "/api/v1/clusters/")
_READS_A_SECOND, _QUIET_A_SECOND = 20, 10
_ASKING = 8
"""Connections of each who asks at a rate: nobody waits for the answer before."""
_ONE_STORMS = 64
"""Connections of one cluster that storms alone."""
_OVERLOADED = 503


@dataclass
class _Told:
    """What the senders of a storm were told."""

    posts: list[float] = field(default_factory=list[float])
    """Seconds until a post was taken; of the try that was."""
    sent_away: int = 0
    alerts: int = 0


@dataclass
class _Noticed:
    """What others notice, by path: seconds from when a request was due."""

    latencies: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    failed: int = 0
    memory: dict[str, float] = field(default_factory=dict[str, float])
    """The most that a part has held, in MB."""


async def measure(options: Options) -> list[Figure]:
    """A storm of all clusters; then one of a single cluster beside a quiet one."""
    with platform() as running:
        clusters = await _register(running.address, "storm", _CLUSTERS)
        (quiet,) = await _register(running.address, "quiet", 1)
        figures = await _all_storm(running, clusters, options.pick(_ALERTS, 30_000))
        return [*figures, *await _one_storms(running, clusters[0], quiet, options.pick(15, 5))]


async def _register(address: Address, name: str, count: int) -> list[str]:
    """Clusters, and their ids."""
    found: list[str] = []
    for number in range(count):
        body = registration(f"{name}-{number}")
        del body["endpoints"]
        answer = await address.once("POST", "/api/v1/clusters/", body)
        if answer.status != 201:
            raise RuntimeError(f"no cluster: {answer}")
        found.append(msgspec.json.decode(answer.body)["id"])
    return found


async def _all_storm(running: Platform, clusters: Sequence[str], amount: int) -> list[Figure]:
    address, told = running.address, _Told()
    posts = [_posts(address, clusters, number, amount) for number in range(len(clusters))]
    before = _memory(running)
    async with running.bus() as bus, _watched(running, _READS) as noticed:
        began = time.perf_counter()
        async with connections(address, 2 * len(clusters)) as opened:
            senders = zip(opened, [part for pair in posts for part in pair], strict=True)
            await asyncio.gather(*(_send(told, one, part) for one, part in senders))
        taken = time.perf_counter() - began
        last = int((await bus.api(f"STREAM.INFO.{streams.COMMANDS}"))["state"]["messages"])
        log(f"all taken after {taken:.1f} s, {last:,} commands wait; {told.sent_away:,} sent away")
        events, done = await _until_done(running, bus), time.perf_counter() - began
    rows = running.ask(
        "select count(*), count(distinct (cluster_id, fingerprint)) from alerts.occurrence"
    )[0]
    lost = f"{amount:,} alerts gave {events:,} events, {rows[0]:,} rows ({rows[1]:,} different)"
    log(f"{lost} after {done:.1f} s")
    note = (
        f"{told.alerts / taken:,.0f} alerts/s taken from {len(clusters)} clusters, rows after"
        f" {done:.1f} s; post p50 {percentile(told.posts, 0.5) * 1000:.0f},"
        f" p99 {percentile(told.posts, 0.99) * 1000:.0f} ms; {told.sent_away:,} posts sent away"
        " with 503 and sent again"
    )
    complete = events == rows[0] == rows[1] == amount
    return [
        Figure(_BENCH, f"{amount:,} alerts, nothing lost", float(complete), "(1: yes)",
               (at_least(1),), note=f"{lost}; {note}"),
        *[_read(path, noticed) for path in _READS],
        _grown(before, noticed),
    ]  # fmt: skip


def _posts(
    address: Address, clusters: Sequence[str], number: int, amount: int
) -> tuple[list[tuple[bytes, int]], list[tuple[bytes, int]]]:
    """The posts of a cluster: in groups, and one by one; each with how many alerts it has."""
    path = f"/api/v1/alerts/webhook/{clusters[number]}"
    each = amount // len(clusters)
    reports = [material.Report(number * each + one, resolved=False) for one in range(each)]
    alone = reports[::_SINGLE]
    groups = material.posts([one for one in reports if one not in set(alone)], _POST)
    return (
        [(address.request("POST", path, material.body(group)), len(group)) for group in groups],
        [(address.request("POST", path, material.body([one])), 1) for one in alone],
    )


async def _send(told: _Told, connection: Connection, posts: Sequence[tuple[bytes, int]]) -> None:
    """One after the other; what is sent away comes again after a second."""
    for request, alerts in posts:
        while True:
            since = time.perf_counter()
            answer = await connection.ask(request)
            if answer.status < 300:
                break
            if answer.status != _OVERLOADED:
                raise RuntimeError(f"refused for good: {answer}")
            told.sent_away += 1
            await asyncio.sleep(1.0)
        told.posts.append(time.perf_counter() - since)
        told.alerts += alerts


@asynccontextmanager
async def _watched(running: Platform, paths: Sequence[str]) -> AsyncGenerator[_Noticed]:
    """Requests at a fixed rate for the time of a block, and a look at the memory each second."""
    noticed, stopping, address = _Noticed(), asyncio.Event(), running.address
    loops = [
        asyncio.ensure_future(
            _paced(address, path, lambda _, path=path: address.request("GET", path),
                   _READS_A_SECOND, noticed, stopping)
        )
        for path in paths
    ]  # fmt: skip
    loops.append(asyncio.ensure_future(_weigh(running, noticed, stopping)))
    try:
        yield noticed
    finally:
        stopping.set()
        await asyncio.gather(*loops)


async def _paced(
    address: Address,
    name: str,
    request: Callable[[int], bytes],
    rate: float,
    noticed: _Noticed,
    stopping: asyncio.Event,
) -> None:
    """Ask at this rate until stopped; latencies count from when a request was due."""
    found, numbers = noticed.latencies.setdefault(name, []), itertools.count()
    began = time.perf_counter()

    async def ask(connection: Connection) -> None:
        while not stopping.is_set():
            number = next(numbers)
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            answer = await connection.ask(request(number))
            if answer.status < 300:
                found.append(time.perf_counter() - due)
            else:
                noticed.failed += 1

    async with connections(address, _ASKING) as opened:
        await asyncio.gather(*(ask(each) for each in opened))


async def _weigh(running: Platform, noticed: _Noticed, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        for part, held in _memory(running).items():
            noticed.memory[part] = max(held, noticed.memory.get(part, 0.0))
        await asyncio.sleep(1.0)


def _memory(running: Platform) -> dict[str, float]:
    """Resident memory of our own processes, in MB."""
    ours = {name: pid for name, pid in running.parts.items() if name not in {"nats", "postgres"}}
    return {name: psutil.Process(pid).memory_info().rss / 1e6 for name, pid in ours.items()}


async def _until_done(running: Platform, bus: Bus) -> int:
    """Wait until every command is handled and every row is there; how many events that gave."""
    await eventually(lambda: _all_handled(bus), within=300)
    found = await bus.get(streams.EVENTS, {"last_by_subj": "evt.*.alert.>"})
    last = found.sequence if found else 0
    await asyncio.to_thread(running.until_projected, last, "alerts", within=300.0)
    return await _events(bus)


async def _all_handled(bus: Bus) -> bool:
    return not (await bus.api(f"STREAM.INFO.{streams.COMMANDS}"))["state"]["messages"]


async def _events(bus: Bus) -> int:
    count, reader = 0, PullReader(bus, Ordered(streams.EVENTS, ("evt.*.alert.>",)))
    try:
        await reader.open()
        while deliveries := await reader.take(1000, wait=1.0):
            count += len(deliveries)
            if deliveries[-1].pending == 0:
                break
    finally:
        await reader.close()
    return count


def _read(path: str, noticed: _Noticed) -> Figure:
    found = [each * 1000 for each in noticed.latencies[path]]
    note = (
        f"p50 {percentile(found, 0.5):.1f}, p99 {percentile(found, 0.99):.1f},"
        f" max {percentile(found, 1.0):.0f} ms of {len(found):,}; {noticed.failed} refused"
    )
    name = f"GET {path.rstrip('/')} at {_READS_A_SECOND}/s meanwhile, p95"
    return Figure(_BENCH, name, percentile(found, 0.95), "ms", (at_most(200),), note=note)


def _grown(before: dict[str, float], noticed: _Noticed) -> Figure:
    grown = {part: held - before[part] for part, held in noticed.memory.items()}
    note = ", ".join(f"{part} {before[part]:.0f} + {more:.0f}" for part, more in grown.items())
    return Figure(_BENCH, "gateway: memory added", grown["gateway"], "MB", note=f"{note} MB")


async def _one_storms(running: Platform, storming: str, quiet: str, seconds: int) -> list[Figure]:
    """A quiet cluster's single posts, without and with another one that storms."""
    calm, beside = _Noticed(), _Noticed()
    await _quietly(running, quiet, seconds, calm, first=10_000_000)
    address, stopping, told = running.address, asyncio.Event(), _Told()
    path = f"/api/v1/alerts/webhook/{storming}"
    # The same alerts again and again: what counts here is the door.
    reports = [material.Report(number, resolved=False) for number in range(_POST)]
    request = address.request("POST", path, material.body(reports))

    async def storm(connection: Connection) -> None:
        while not stopping.is_set():
            await _send(told, connection, [(request, _POST)])

    async with connections(address, _ONE_STORMS) as opened:
        storms = [asyncio.ensure_future(storm(connection)) for connection in opened]
        await _quietly(running, quiet, seconds, beside, first=20_000_000)
        stopping.set()
        await asyncio.gather(*storms)
    found = [percentile(each.latencies["post"], 0.95) * 1000 for each in (calm, beside)]
    log(f"quiet: {found[0]:.1f} ms, beside a storm {found[1]:.1f} ms")
    note = (
        f"p50 {percentile(beside.latencies['post'], 0.5) * 1000:.1f},"
        f" p99 {percentile(beside.latencies['post'], 0.99) * 1000:.1f} ms;"
        f" {found[0]:.1f} ms without the storm, which is {told.alerts / seconds:,.0f} alerts/s"
        f" over {_ONE_STORMS} connections, its own posts p95"
        f" {percentile(told.posts, 0.95) * 1000:.0f} ms; sent away: {beside.failed} of the quiet"
        f" one's, {told.sent_away:,} of the other's"
    )
    name = "a quiet cluster's post while another storms, p95"
    return [Figure(_BENCH, name, found[1], "ms", (at_most(200),), note=note)]


async def _quietly(
    running: Platform, cluster: str, seconds: int, noticed: _Noticed, *, first: int
) -> None:
    address, stopping = running.address, asyncio.Event()
    path = f"/api/v1/alerts/webhook/{cluster}"

    def request(number: int) -> bytes:
        one = material.Report(first + number, resolved=False)
        return address.request("POST", path, material.body([one]))

    posting = asyncio.ensure_future(
        _paced(address, "post", request, _QUIET_A_SECOND, noticed, stopping)
    )
    await asyncio.sleep(seconds)
    stopping.set()
    await posting
