"""From the moment a webhook post is due to the committed row, and to a live client."""

import asyncio
import contextlib
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.pull import Ordered, PullReader
from tests.benchmarks import material
from tests.benchmarks.client import Address, LiveReader
from tests.benchmarks.kit import (
    Figure,
    Options,
    Target,
    at_least,
    at_most,
    by_part,
    log,
    percentile,
)
from tests.benchmarks.load import open_loop
from tests.benchmarks.platform import Platform, platform, register_cluster
from tests.kit.runtime import until

_BENCH = "latency"
_FINGERPRINT_AT, _EVENT_AT = 3, 4

Key = tuple[str, bool]
"""Fingerprint, and whether it ends."""


@dataclass(frozen=True)
class _Load:
    """How much, and what it should reach."""

    alerts_a_second: int
    alerts_a_post: int
    target: Target

    @property
    def name(self) -> str:
        return f"{self.alerts_a_second}/s in posts of {self.alerts_a_post}"


_LOADS = (_Load(500, 1, at_most(50)), _Load(2000, 50, at_most(500)))


@dataclass
class _Seen:
    """What the driver has noted while the load ran."""

    due: dict[Key, float] = field(default_factory=dict[Key, float])
    reached: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    """Positions that the alerts projection has told, after each commit, and when."""

    def commits(self, subject: str, body: bytes) -> None:
        self.reached.append((int(body), time.perf_counter()))


async def measure(options: Options) -> list[Figure]:
    """Both loads, each on a platform of its own."""
    figures: list[Figure] = []
    for load in _LOADS:
        with platform() as running:
            figures += await _run(running, load, options.pick(30, 6))
    return figures


async def _run(running: Platform, load: _Load, seconds: int) -> list[Figure]:
    address = running.address
    cluster = await register_cluster(address)
    amount = load.alerts_a_second * seconds
    reports = material.plan(amount, load.alerts_a_second * min(5, seconds // 2))
    groups = list(material.posts(reports, load.alerts_a_post))
    requests = _requests(address, cluster, groups)
    seen, live = _Seen(), LiveReader(address)
    async with running.bus() as bus:
        await bus.hear("pos.alerts", seen.commits)
        await live.open()
        rate = load.alerts_a_second / load.alerts_a_post
        used = running.cpu.measured()
        sent, began = await open_loop(address, requests, rate=rate)
        if sent.refused:
            raise RuntimeError(f"{len(sent.refused)} posts refused, first {sent.refused[0]}")
        for number, group in enumerate(groups):
            for report in group:
                seen.due[report.fingerprint, report.resolved] = began + number / rate
        written = await _until_quiet(running, bus, live, amount)
        spent = by_part(used(), 1000 / amount, " ms")
    live.close()
    log(f"{load.name}: accepted in p99 {percentile(sent.latencies, 0.99) * 1000:.1f} ms")
    return _figures(load, seen, written, live, _counted(running), spent)


def _requests(
    address: Address, cluster: str, groups: Sequence[Sequence[material.Report]]
) -> list[bytes]:
    path = f"/api/v1/alerts/webhook/{cluster}"
    return [address.request("POST", path, material.body(group)) for group in groups]


async def _until_quiet(
    running: Platform, bus: Bus, live: LiveReader, amount: int
) -> dict[int, Key]:
    """Wait for the rest, at most 30 s; then what the log holds, by sequence."""
    with contextlib.suppress(TimeoutError):
        await until(lambda: len(live.events) >= amount, within=30)
    written = await _written(bus)
    if written:
        await asyncio.to_thread(running.until_projected, max(written), "alerts", "activity")
    return written


async def _written(bus: Bus) -> dict[int, Key]:
    found: dict[int, Key] = {}
    reader = PullReader(bus, Ordered(streams.EVENTS, ("evt.*.alert.>",)))
    try:
        await reader.open()
        while deliveries := await reader.take(1000, wait=1.0):
            for each in deliveries:
                tokens = each.subject.split(".")
                key = tokens[_FINGERPRINT_AT], tokens[_EVENT_AT] == "resolved"
                found[each.sequence] = key
            if deliveries[-1].pending == 0:
                break
    finally:
        await reader.close()
    return found


def _counted(running: Platform) -> tuple[int, int]:
    """Rows, and how many of them have ended."""
    rows = running.ask(
        "select count(*), count(*) filter (where state = 'RESOLVED') from alerts.occurrence"
    )
    return rows[0][0], rows[0][1]


class _Sequence(msgspec.Struct):
    sequence: int


def _figures(
    load: _Load,
    seen: _Seen,
    written: dict[int, Key],
    live: LiveReader,
    rows: tuple[int, int],
    spent: str,
) -> list[Figure]:
    committed = _committed(seen, written)
    decoder = msgspec.json.Decoder(_Sequence)
    arrivals = [(decoder.decode(frame).sequence, at) for at, frame in live.events]
    sent = [(at - seen.due[written[sequence]]) * 1000 for sequence, at in arrivals]
    ended = sum(1 for _, resolved in seen.due if resolved)
    complete = (
        len(written) == len(seen.due)
        and [sequence for sequence, _ in arrivals] == sorted(written)
        and rows == (len(seen.due) - ended, ended)
    )
    lost = (
        f"{len(seen.due):,} reports gave {len(written):,} events, {rows[0]:,} rows"
        f" ({rows[1]:,} ended), {len(arrivals):,} frames"
    )
    log(lost)
    return [
        _late(f"{load.name}, row committed, p99", committed, load.target, spent),
        _late(f"{load.name}, live client, p99", sent, load.target, ""),
        Figure(
            _BENCH, f"{load.name}, complete", float(complete), "(1: yes)", (at_least(1),), note=lost
        ),
    ]


def _late(name: str, latencies: list[float], target: Target, spent: str) -> Figure:
    shares = ((0.5, "p50"), (0.95, "p95"), (0.999, "p99.9"), (1.0, "max"))
    told = ", ".join(f"{text} {percentile(latencies, share):.1f}" for share, text in shares)
    note = f"{told} ms" + (f"; CPU per alert: {spent}" if spent else "")
    return Figure(_BENCH, name, percentile(latencies, 0.99), "ms", (target,), note=note)


def _committed(seen: _Seen, written: dict[int, Key]) -> list[float]:
    """From due to the first word of a commit that reaches it, a little after that commit."""
    positions = [position for position, _ in seen.reached]
    found: list[float] = []
    for sequence, key in written.items():
        at = bisect_left(positions, sequence)
        if at < len(positions):
            found.append((seen.reached[at][1] - seen.due[key]) * 1000)
    return found
